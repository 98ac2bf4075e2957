#include "cli/child.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <stdexcept>

#include "cli/guarded.h"
#include "cli/supervisor.h"

using namespace lifesign::cli;
using namespace std::chrono_literals;

TEST_CASE("a child's exit code and signal are told", "[cli]") {
  auto exits = Child::start("exits", {"/bin/sh", "-c", "exit 3"});
  REQUIRE(exits);
  REQUIRE(exits->wait(10s));
  CHECK(exits->death()->code == 3);
  CHECK_FALSE(exits->death()->signalled);

  auto sleeps = Child::start("sleeps", {"/bin/sleep", "600"});
  REQUIRE(sleeps);
  CHECK_FALSE(sleeps->death());
  sleeps->signal(SIGKILL);
  REQUIRE(sleeps->wait(10s));
  CHECK(sleeps->death()->signalled);
  CHECK(sleeps->death()->code == SIGKILL);
}

TEST_CASE("a program that is not there is an error that says what to do", "[cli]") {
  auto child = Child::start("broker", {"/nowhere/lifesign-broker"});
  REQUIRE_FALSE(child);
  CHECK(child.error().message.find("scripts/build") != std::string::npos);
}

TEST_CASE("a child that is dropped is gone", "[cli]") {
  pid_t pid = 0;
  {
    auto child = Child::start("sleeps", {"/bin/sleep", "600"});
    REQUIRE(child);
    pid = child->pid();
  }
  CHECK(::kill(pid, 0) == -1);
  CHECK(errno == ESRCH);
}

TEST_CASE("guarded work returns its text", "[cli]") {
  auto done = run_guarded([] { return std::string(100'000, 'x'); });
  REQUIRE(done);
  CHECK(done->text.size() == 100'000);
  CHECK(done->death.code == 0);
}

TEST_CASE("work that dies of a cut file is told as SIGBUS, and we live on", "[cli]") {
  auto done = run_guarded([]() -> std::string {
    std::string name = "/tmp/lifesign-cut-XXXXXX";
    const int fd = ::mkstemp(name.data());
    ::unlink(name.c_str());
    if (fd < 0 || ::ftruncate(fd, 8192) != 0) return "no file";
    auto* bytes = static_cast<volatile char*>(::mmap(nullptr, 8192, PROT_READ, MAP_SHARED, fd, 0));
    if (::ftruncate(fd, 0) != 0) return "not cut";
    ::signal(SIGBUS, SIG_DFL);  // the test framework's own handler would report it as a failure
    return std::string(1, bytes[4096]);
  });
  REQUIRE(done);
  CHECK(done->death.signalled);
  CHECK(done->death.code == SIGBUS);
}

TEST_CASE("the supervisor starts again what dies and says so", "[cli]") {
  lifesign::base::StopSignal stop;
  std::vector<std::string> said;
  Supervisor supervisor({{"sleeper", {"/bin/sleep", "600"}}, {"crasher", {"/bin/sh", "-c", "kill -9 $$"}}},
                        [&](const std::string& text) { said.push_back(text); });
  REQUIRE(supervisor.start());
  while (said.size() < 2) supervisor.step(stop, 1s);
  CHECK(said[0] == "crasher died: killed by signal 9 (Killed). Starting it again in 200ms.");
  CHECK(said[1] == "crasher died: killed by signal 9 (Killed). Starting it again in 400ms.");
  CHECK_FALSE(supervisor.gave_up());
  supervisor.stop(stop, {"sleeper", "crasher"}, 10s);
}

TEST_CASE("the supervisor gives up at once on a port that is taken", "[cli]") {
  lifesign::base::StopSignal stop;
  std::vector<std::string> said;
  Supervisor supervisor({{"broker", {"/bin/sh", "-c", "exit 3"}}},
                        [&](const std::string& text) { said.push_back(text); });
  REQUIRE(supervisor.start());
  while (!supervisor.gave_up()) supervisor.step(stop, 1s);
  CHECK(supervisor.gave_up() == not_reachable);
  REQUIRE(said.size() == 1);
  CHECK(said[0].find("a port may be taken") != std::string::npos);
}

TEST_CASE("a process that ignores SIGTERM is killed in the end, and that is said", "[cli]") {
  lifesign::base::StopSignal stop;
  std::vector<std::string> said;
  // The file tells that SIGTERM is ignored from now on.
  std::string name = "/tmp/lifesign-deaf-XXXXXX";
  const int fd = ::mkstemp(name.data());
  REQUIRE(fd >= 0);
  ::close(fd);
  Supervisor supervisor({{"deaf", {"/bin/sh", "-c", "trap '' TERM; rm " + name + "; exec sleep 600"}}},
                        [&](const std::string& text) { said.push_back(text); });
  REQUIRE(supervisor.start());
  while (::access(name.c_str(), F_OK) == 0) supervisor.step(stop, 10ms);
  supervisor.stop(stop, {"deaf"}, 100ms);
  CHECK_FALSE(supervisor.started("deaf"));
  REQUIRE(said.size() == 2);
  CHECK(said[0] == "deaf did not stop within 100ms: killing it");
  CHECK(said[1] == "deaf stopped with killed by signal 9 (Killed)");
}
