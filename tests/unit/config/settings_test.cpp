#include "config/settings.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <vector>

#include "config/version.h"

using lifesign::base::Micros;
using lifesign::config::Settings;
using namespace std::chrono_literals;

namespace {

// A file that is gone when the test ends.
class TempFile {
 public:
  explicit TempFile(const std::string& text) {
    std::string name = "/tmp/lifesign-config-XXXXXX";
    int fd = ::mkstemp(name.data());
    REQUIRE(fd >= 0);
    ::close(fd);
    path_ = name;
    std::ofstream(path_) << text;
  }
  ~TempFile() { std::filesystem::remove(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { ::setenv(name, value, 1); }
  ~Variable() { ::unsetenv(name_); }

 private:
  const char* name_;
};

// The settings of a made-up broker.
struct Broker {
  std::string data = "/var/lib/lifesign";
  bool fsync = true;
  std::uint64_t topics = 10;
  Micros tick = 10ms;
  std::uint64_t ring = 1 << 20;
  Settings settings{"lifesign-broker", "A broker"};

  Broker() {
    settings.text("data", data, "Folder with all state.");
    settings.flag("broker.fsync", fsync, "Whether to fsync.");
    settings.number("broker.topics", topics, 1, 100, "topics", "Most topics.");
    settings.duration("broker.tick_every", tick, 5ms, 1s, "How often to tick.");
    settings.size("broker.ring", ring, 4096, 1 << 30, "Size of the ring.");
  }

  // Empty: loaded and to be run.
  std::string load(std::vector<const char*> args = {}) {
    args.insert(args.begin(), "lifesign-broker");
    auto next = settings.load(static_cast<int>(args.size()), args.data());
    if (!next) return next.error().message;
    return *next == Settings::Next::run ? "" : "stop";
  }
};

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("with nothing given the defaults stay", "[config]") {
  Broker b;
  REQUIRE(b.load() == "");
  CHECK(b.data == "/var/lib/lifesign");
  CHECK(b.fsync);
  CHECK(b.topics == 10);
  CHECK(b.tick == 10ms);
  CHECK(b.ring == 1 << 20);
}

TEST_CASE("a flag wins over the environment, which wins over the file", "[config]") {
  TempFile file("data = \"/from/file\"\n[broker]\ntopics = 7\ntick_every = \"20ms\"\nring = \"8KiB\"\nfsync = false\n");
  Variable topics("LIFESIGN_BROKER_TOPICS", "8");
  Variable tick("LIFESIGN_BROKER_TICK_EVERY", "30ms");
  Broker b;
  REQUIRE(b.load({"--config", file.path().c_str(), "--tick-every", "40ms"}) == "");
  CHECK(b.data == "/from/file");
  CHECK(b.topics == 8);
  CHECK(b.tick == 40ms);
  CHECK(b.ring == 8192);
  CHECK_FALSE(b.fsync);
}

TEST_CASE("the file can be named by the environment", "[config]") {
  TempFile file("[broker]\ntopics = 7\n");
  Variable config("LIFESIGN_CONFIG", file.path().c_str());
  Broker b;
  REQUIRE(b.load() == "");
  CHECK(b.topics == 7);
}

TEST_CASE("a boolean is set and unset by flags", "[config]") {
  Broker off;
  REQUIRE(off.load({"--no-fsync"}) == "");
  CHECK_FALSE(off.fsync);
  Variable variable("LIFESIGN_BROKER_FSYNC", "off");
  Broker on;
  REQUIRE(on.load({"--fsync"}) == "");
  CHECK(on.fsync);
}

TEST_CASE("a value out of bounds is named with its source, bound and an example", "[config]") {
  TempFile file("# a comment\n[broker]\ntopics = 101\n");
  Broker b;
  auto message = b.load({"--config", file.path().c_str()});
  CHECK(contains(message, file.path() + ":3: `broker.topics` is \"101\" but must be 1 to 100"));
  CHECK(contains(message, "topics = 10"));

  CHECK(contains(Broker().load({"--topics", "0"}), "option --topics: `broker.topics`"));
  Variable tick("LIFESIGN_BROKER_TICK_EVERY", "2s");
  message = Broker().load();
  CHECK(contains(message, "environment variable LIFESIGN_BROKER_TICK_EVERY"));
  CHECK(contains(message, "must be 5ms to 1s"));
}

TEST_CASE("a file's value of the wrong type is refused with an example", "[config]") {
  TempFile number_for_duration("[broker]\ntick_every = 30\n");
  CHECK(contains(Broker().load({"--config", number_for_duration.path().c_str()}), "tick_every = \"10ms\""));
  TempFile text_for_number("[broker]\ntopics = \"7\"\n");
  CHECK(contains(Broker().load({"--config", text_for_number.path().c_str()}), "wrong type"));
  TempFile list("data = [1, 2]\n");
  CHECK(contains(Broker().load({"--config", list.path().c_str()}), ":1: `data` is of the wrong type"));
}

TEST_CASE("an unknown key in the own section is an error and says what was meant", "[config]") {
  TempFile near("[broker]\ntopisc = 7\n");
  CHECK(contains(Broker().load({"--config", near.path().c_str()}), "did you mean `broker.topics`?"));
  TempFile far("[broker]\nsomething_else = 7\n");
  CHECK(contains(Broker().load({"--config", far.path().c_str()}), ":2: unknown setting `broker.something_else`"));
  TempFile section("[borker]\ntopics = 7\n");
  CHECK(contains(Broker().load({"--config", section.path().c_str()}), "did you mean [broker]?"));
}

TEST_CASE("other processes' settings in the same file are left alone", "[config]") {
  TempFile file("port = 7\n[recorder]\nanything = [1, 2]\n[watchdog]\nx = 1979-05-27\n");
  CHECK(Broker().load({"--config", file.path().c_str()}) == "");
}

TEST_CASE("a file that is missing or broken is an error with its place", "[config]") {
  CHECK(contains(Broker().load({"--config", "/nowhere/lifesign.toml"}), "/nowhere/lifesign.toml"));
  TempFile broken("data = \"x\"\n[broker\n");
  CHECK(contains(Broker().load({"--config", broken.path().c_str()}), broken.path() + ":2: not valid TOML"));
}

TEST_CASE("a wrong flag is an error that points to --help", "[config]") {
  CHECK(contains(Broker().load({"--nonsense"}), "--help"));
  CHECK(contains(Broker().load({"--ring", "12parsecs"}), "`broker.ring` is \"12parsecs\" but"));
}

TEST_CASE("the option --check-config answers and stops, and finds what a stronger source hides", "[config]") {
  TempFile good("[broker]\ntopics = 7\n");
  CHECK(Broker().load({"--config", good.path().c_str(), "--check-config"}) == "stop");
  TempFile bad("[broker]\ntopics = 0\n");
  CHECK(contains(Broker().load({"--config", bad.path().c_str(), "--check-config", "--topics", "7"}), ":2:"));
}

TEST_CASE("an unknown key at the top of the file is an error, one that another process has is not", "[config]") {
  TempFile slip("prot = 7500\n");
  CHECK(contains(Broker().load({"--config", slip.path().c_str()}), "`prot`"));
  TempFile shared("port = 7500\nlog_format = \"json\"\n");
  CHECK(Broker().load({"--config", shared.path().c_str()}) == "");
}

TEST_CASE("the example file holds every setting and loads as the defaults", "[config]") {
  Broker a;
  const auto example = a.settings.example_toml();
  for (auto part : {"data = \"/var/lib/lifesign\"", "[broker]", "fsync = true", "topics = 10", "tick_every = \"10ms\"",
                    "ring = \"1MiB\"", "# Size of the ring.", "4KiB to 1GiB", "topics, 1 to 100",
                    "--tick-every, LIFESIGN_BROKER_TICK_EVERY"}) {
    INFO(example);
    CHECK(contains(example, part));
  }
  TempFile file(example);
  Broker b;
  REQUIRE(b.load({"--config", file.path().c_str()}) == "");
  CHECK(b.ring == a.ring);
  CHECK(b.tick == a.tick);
}

TEST_CASE("the version is the one of CMakeLists.txt", "[config]") {
  std::ifstream in(LIFESIGN_SOURCE_DIR "/CMakeLists.txt");
  std::string text((std::istreambuf_iterator<char>(in)), {});
  CHECK(contains(text, "project(lifesign VERSION " + std::string(lifesign::config::version) + " "));
}
