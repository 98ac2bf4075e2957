// Whole runs of lifesign-bench, on a system of its own and on one that runs. No figure decides here, only counts.
#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "support/system.h"

using namespace lifesign;
using namespace lifesign::tests;

namespace {

struct Ran {
  int code;
  std::string output;
  nlohmann::json json() const { return nlohmann::json::parse(output, nullptr, false); }
};

// In `folder`, where it must leave nothing but its output.
Ran bench(const std::filesystem::path& folder, std::vector<std::string> args) {
  const std::string log = folder / "bench.out";
  std::filesystem::remove(log);
  Child child(LIFESIGN_BIN_DIR "/lifesign-bench", args, log);
  const int code = child.wait();
  return {code, child.output()};
}

// A small window: with a large one a beat waits among thousands, and a silence of 800 ms is a shorter one in the log.
const std::vector<std::string> small = {"--agents",   "200",  "--connections", "4",     "--batch",    "4",
                                        "--window",   "8",    "--warmup",      "500ms", "--duration", "2s",
                                        "--interval", "200ms"};

std::vector<std::string> with(std::vector<std::string> args, const std::vector<std::string>& more) {
  args.insert(args.end(), more.begin(), more.end());
  return args;
}

void check_counts(const nlohmann::json& json) {
  CHECK(json.at("sent") > 0);
  CHECK(json.at("acked") == json.at("sent"));
  CHECK(json.at("recorded") == json.at("sent"));
  CHECK(json.at("false_timeouts") == 0);
  CHECK(json.at("refused") == 0);
  CHECK(json.at("unanswered_messages") == 0);
}

}  // namespace

TEST_CASE("a run counts every beat at each station, reports its dead, and leaves nothing behind", "[process]") {
  System place("bench");  // for its folder
  const Ran ran =
      bench(place.dir(),
            with(small, {"--die", "0.1", "--json", "--raw", "--raw-duration", "200ms", "--folder", place.dir()}));
  INFO(ran.output);
  REQUIRE(ran.code == 0);
  const auto json = ran.json();
  check_counts(json);
  CHECK(json.at("received") == json.at("sent"));
  CHECK(json.at("deaths") == 20);  // of 52 groups a tenth: 5, of 4 agents each, once
  // Where Lifesign could not hear for a while, some were not silent for long enough.
  if (json.at("blind") == 0) CHECK(json.at("deaths_reported") >= json.at("deaths"));
  // Where the machine stood still (a disk that takes a second to sync), agents that were to live fall silent too, and
  // the run may end before all are back.
  if (json.at("other_timeouts") == 0 && json.at("blind") == 0) {
    CHECK(json.at("deaths_reported") == json.at("deaths"));
    CHECK(json.at("recovered") == json.at("deaths"));
    CHECK(json.at("lateness_ms").at("count") == json.at("deaths"));
  }
  CHECK(json.at("ack_ms").at("count") > 0);
  CHECK(json.at("e2e_ms").at("p999") > 0);
  CHECK(json.at("processes").size() == 4);
  CHECK(json.at("raw").at("zmq_beats_per_s") > 0);
  CHECK(json.at("ratio").at("recorded_to_lmdb") > 0);
  for (const auto& entry : std::filesystem::directory_iterator(place.dir()))
    CHECK(entry.path().filename() == "bench.out");
}

TEST_CASE("a paced run with acks of each level sends what its rate says and loses nothing", "[process]") {
  System place("bench-paced");
  for (const char* ack : {"none", "received", "recorded"}) {
    const Ran ran = bench(place.dir(), with(small, {"--rate", "interval", "--jitter", "20ms", "--ack", ack, "--receive",
                                                    "events", "--json", "--folder", place.dir()}));
    INFO(ack << "\n" << ran.output);
    REQUIRE(ran.code == 0);
    const auto json = ran.json();
    CHECK(json.at("sent") > 0);
    CHECK(json.at("sent") <= 2500 + 200);  // 1,000 beats/s for 2.5 s, and what was due at the very end
    CHECK(json.at("recorded") == json.at("sent"));
    CHECK(json.at("received") == json.at("sent"));
    CHECK(json.at("false_timeouts") == 0);
    if (std::string(ack) != "none") CHECK(json.at("acked") == json.at("sent"));
  }
}

TEST_CASE("a running system is loaded by its folder or by its endpoints, and told goodbye", "[process]") {
  System system("bench-running");
  system.start();
  const Ran by_folder = bench(system.dir(), with(small, {"--json", "--data", system.dir()}));
  INFO(by_folder.output);
  REQUIRE(by_folder.code == 0);
  check_counts(by_folder.json());
  CHECK(by_folder.json().at("received") == by_folder.json().at("sent"));
  CHECK(by_folder.json().at("processes").size() == 1);
  const auto stopped = [&] {
    const auto totals = system.query().totals();
    return totals.ok() ? (*totals)["agents"]["stopped"].u64_or(0) : 0;
  };
  CHECK(eventually([&] { return stopped() == 200; }));
  const Ran by_endpoint =
      bench(system.dir(), with(small, {"--json", "--rate", "interval", "--endpoint", system.endpoint("ingest"),
                                       "--events", system.endpoint("events"), "--query", system.endpoint("query")}));
  INFO(by_endpoint.output);
  REQUIRE(by_endpoint.code == 0);
  check_counts(by_endpoint.json());
  CHECK(by_endpoint.json().at("received_from") == "events");
  CHECK(eventually([&] { return stopped() == 400; }));
}

TEST_CASE("what cannot be run is refused with the documented exit code", "[process]") {
  System place("bench-refused");
  const Ran elsewhere = bench(place.dir(), {"--endpoint", "tcp://192.168.0.1:7400"});
  CHECK(elsewhere.code == 2);
  CHECK(elsewhere.output.find("loopback") != std::string::npos);
  CHECK(bench(place.dir(), {"--agents", "10", "--batch", "16"}).code == 2);
  CHECK(bench(place.dir(), {"--rate", "fast"}).code == 2);
  const Ran level = bench(place.dir(), {"--ack", "maybe"});
  CHECK(level.code == 2);
  CHECK(level.output.find("--ack: \"maybe\" is not one of none, received, recorded") != std::string::npos);
  CHECK(bench(place.dir(), {"--data", place.dir() / "nowhere"}).code == 4);
  CHECK(bench(place.dir(), {"--data", place.dir()}).code == 4);
  CHECK(!std::filesystem::exists(place.dir() / "token"));
  CHECK(bench(place.dir(), {"--help"}).code == 0);
}
