// Real processes, real sockets, a real database, agents that really die.
#include <signal.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <set>
#include <thread>

#include "support/system.h"

using namespace lifesign;
using namespace lifesign::tests;
using namespace std::chrono_literals;

namespace {

constexpr int interval_ms = 1000;

class Fleet {
 public:
  Fleet(const System& system, int size) : ingest_(system.endpoint("ingest")), log_(system.dir() / "agents.log") {
    for (int i = 0; i < size; ++i) start(i);
  }
  static std::string id(int i) { return "agent-" + std::to_string(i); }
  void start(int i) {
    agents_.erase(i);
    agents_.emplace(i, Child(LIFESIGN_AGENT, {id(i), ingest_, std::to_string(interval_ms)}, log_));
  }
  void kill(int i) { agents_.at(i).kill(); }
  int size() const { return static_cast<int>(agents_.size()); }
  std::string output() const { return agents_.begin()->second.output(); }

 private:
  std::string ingest_, log_;
  std::map<int, Child> agents_;
};

std::size_t count(const System& system, const std::string& status) {
  const auto totals = system.query().totals();
  return totals.ok() ? (*totals)["agents"][status].u64_or(0) : 0;
}

}  // namespace

TEST_CASE("each death is one timeout, each return one recovery, and nobody else is ever reported", "[process]") {
  System system("fleet");
  system.start();
  Fleet fleet(system, 200);
  REQUIRE(eventually([&] { return count(system, "active") == 200; }));

  std::set<std::string> dead;
  for (int i = 0; i < 200; i += 10) {
    fleet.kill(i);
    dead.insert(Fleet::id(i));
  }
  REQUIRE(eventually([&] { return count(system, "offline") == dead.size(); }));
  for (const std::string& id : dead) CHECK(system.status_of(id) == "offline");
  for (int i = 0; i < 200; i += 10) fleet.start(i);
  REQUIRE(eventually([&] { return system.events_by_agent("agent.recovered").size() == dead.size(); }));
  REQUIRE(eventually([&] { return count(system, "active") == 200; }));
  REQUIRE(system.log_time_passes(3s));  // whatever else might be reported would be by now

  const auto timeouts = system.events_by_agent("agent.timeout");
  const auto recoveries = system.events_by_agent("agent.recovered");
  CHECK(timeouts.size() == dead.size());
  CHECK(recoveries.size() == dead.size());
  for (const auto& [id, times] : timeouts) {
    INFO(id);
    CHECK(dead.contains(id));
    CHECK(times == 1);
  }
  for (const auto& [id, times] : recoveries) {
    INFO(id);
    CHECK(dead.contains(id));
    CHECK(times == 1);
  }
  for (const Value& event : system.events({"agent.timeout"})) CHECK(event["cause"].text_or("") == "disconnected");

  int code = 0;
  const std::string shown = system.lifesign({"show", "agent-10", "--json"}, &code);
  INFO(shown);
  CHECK(code == 0);
  CHECK(shown.find("\"active\"") != std::string::npos);
  for (const char* process : {"watchdog", "broker", "recorder"}) CHECK(system.stop(process) == 0);
}

TEST_CASE("each process alone may be killed and started again, and nobody who lives is timed out", "[process]") {
  System system("restart");
  system.start();
  Fleet fleet(system, 20);
  REQUIRE(eventually([&] { return count(system, "active") == 20; }));

  Commands commands = system.commands();
  std::uint64_t beats = 0;
  const auto beat_recorded = [&] {
    REQUIRE(eventually([&] { return commands.beat("counted").ok(); }));
    ++beats;
  };
  for (int i = 0; i < 5; ++i) beat_recorded();
  for (const char* process : {"recorder", "watchdog", "broker", "recorder", "broker"}) {
    INFO(process);
    system.kill(process);
    system.start(process);
    REQUIRE(eventually([&] { return system.log_time() > 0 && system.watchdog_judges(); }));
    beat_recorded();
    REQUIRE(system.log_time_passes(2500ms));
    CHECK(count(system, "active") >= 20);
  }
  CHECK(system.events({"agent.timeout"}).empty());
  CHECK(system.total_heartbeats("counted") >= beats);
  std::set<std::uint64_t> seqs;
  Query query = system.query();
  for (BeatsRequest request{.agent_id = "agent-3", .limit = 1000};;) {
    const auto page = query.beats(request);
    REQUIRE(page.ok());
    for (const Value& beat : (*page)["beats"].items()) CHECK(seqs.insert(beat["run_seq"].u64_or(0)).second);
    request.cursor = (*page)["cursor"];
    if (!request.cursor.exists() || request.cursor.type() == Value::Type::nil) break;
  }
  // Counted once, each: the history and the total agree.
  CHECK(eventually([&] { return system.total_heartbeats("agent-3") >= seqs.size(); }));
}

TEST_CASE("an outage from beginning to end without a watchdog is told once, when it is back", "[process]") {
  System system("unwatched");
  system.start();
  Fleet fleet(system, 5);
  REQUIRE(eventually([&] { return count(system, "active") == 5; }));
  system.kill("watchdog");
  fleet.kill(0);
  REQUIRE(system.log_time_passes(6s));  // over twice its timeout
  const std::uint64_t before = system.total_heartbeats(Fleet::id(0));
  fleet.start(0);
  REQUIRE(eventually([&] { return system.total_heartbeats(Fleet::id(0)) > before; }));
  CHECK(system.events({"agent.timeout"}).empty());
  system.start("watchdog");
  REQUIRE(eventually([&] { return !system.events({"agent.recovered"}).empty(); }));
  REQUIRE(system.log_time_passes(2500ms));
  const std::map<std::string, int> once{{Fleet::id(0), 1}};
  CHECK(system.events_by_agent("agent.timeout") == once);
  CHECK(system.events_by_agent("agent.recovered") == once);
  CHECK(count(system, "active") == 5);
}

TEST_CASE("after SIGKILL of everything at once agents, totals and events are as they were recorded", "[process]") {
  System system("killall");
  system.start();
  Commands commands = system.commands();
  for (int i = 0; i < 50; ++i) REQUIRE(commands.beat("a-" + std::to_string(i % 5)).ok());
  REQUIRE(commands.goodbye("a-0", "done").ok());
  REQUIRE(eventually([&] { return system.events({"agent.stopped"}).size() == 1; }));
  REQUIRE(eventually([&] { return system.events({"agent.ready"}).size() == 5; }));
  const auto before = system.events({});
  system.kill_all();
  system.start();
  for (int i = 0; i < 5; ++i) CHECK(system.total_heartbeats("a-" + std::to_string(i)) == 10);
  CHECK(system.status_of("a-0") == "stopped");
  CHECK(system.status_of("a-1") == "active");
  const auto after = system.events({});
  REQUIRE(after.size() >= before.size());
  for (std::size_t i = 0; i < before.size(); ++i) CHECK(to_json(before[i]) == to_json(after[i]));
  CHECK(system.events({"agent.ready"}).size() == 5);
}

TEST_CASE("whatever an agent registers, its events are told and hold up no other's", "[process]") {
  System system("registered");
  system.start();
  Commands commands = system.commands();
  Registration everything;
  everything.name = "n";
  everything.type = "agent.timeout";  // a type that an event might mistake for its own
  everything.capabilities = std::vector<std::string>{"a", "b"};
  everything.labels = std::map<std::string, std::string>{{"seq", "1"}, {"type", "x"}};
  everything.schedule = "0 2 * * *";
  everything.time_zone = "Europe/Rome";
  REQUIRE(commands.register_agent("full", everything).ok());
  REQUIRE(commands.beat("other").ok());
  REQUIRE(eventually([&] { return system.events({"agent.registered"}).size() == 2; }));
  for (const Value& event : system.events({"agent.registered"})) {
    if (event["agent_id"].text_or("") == "full") CHECK(event["agent_type"].text_or("") == "agent.timeout");
  }
  CHECK(system.events({"agent.timeout"}).empty());
}

TEST_CASE("a broker that lost its state file acknowledges nothing on the strength of another's past", "[process]") {
  System system("lost-state");
  system.start();
  Commands commands = system.commands();
  for (int i = 0; i < 30; ++i) REQUIRE(commands.beat("a").ok());
  system.kill("recorder");
  system.kill("broker");
  std::filesystem::remove(system.dir() / "broker.state");
  system.start("broker");
  // It gives out seqs again that the recorder holds already.
  Commands hasty({.endpoint = system.endpoint("ingest"), .timeout = Millis(2000), .ack = Ack::received});
  REQUIRE(eventually([&] { return hasty.beat("a").ok(); }));
  for (int i = 0; i < 200; ++i) REQUIRE(hasty.beat("a").ok());
  system.start("recorder");
  REQUIRE(eventually([&] { return commands.beat("b").ok(); }));
  REQUIRE(eventually([&] { return system.total_heartbeats("b") >= 1; }));
  CHECK(system.total_heartbeats("a") == 30);
  REQUIRE(eventually([&] { return system.watchdog_judges(); }));
  int code = 0;
  const std::string checked = system.lifesign({"check"}, &code);
  INFO(checked);
  CHECK(code == 0);
}

TEST_CASE("the command refuses what it would have to guess, with the documented exit code", "[process]") {
  System system("cli");
  system.start();
  int code = 0;
  CHECK(system.lifesign({"beat", "web-1", "--progress", "-3"}, &code).find("must be 0 or more") != std::string::npos);
  CHECK(code == 2);
  CHECK(system.status_of("web-1") == "not_found");
  Child elsewhere(LIFESIGN_BIN_DIR "/lifesign", {"agents", "--data", system.dir() / "nowhere"},
                  system.dir() / "cli.log");
  CHECK(elsewhere.wait() == 4);
  CHECK(elsewhere.output().find("there is no data folder") != std::string::npos);
  std::filesystem::create_directory(system.dir() / "empty");
  Child unsaid(LIFESIGN_BIN_DIR "/lifesign",
               {"agents", "--data", system.dir() / "empty", "--ingest", system.endpoint("ingest")},
               system.dir() / "cli.log");
  CHECK(unsaid.wait() == 4);
  system.lifesign({"show", "nobody"}, &code);
  CHECK(code == 4);
  CHECK(system.stop("broker") == 0);
  system.lifesign({"watch", "--for", "500ms", "--timeout", "300ms"}, &code);
  CHECK(code == 3);
}

TEST_CASE("an agent that nobody knows is told from one that was forgotten, whose past is still there", "[process]") {
  System system("unknown");
  system.start();
  int code = 0;
  const auto none = system.lifesign({"events", "--agent", "nobody"}, &code);
  CHECK(none.find("no agent nobody is known, and there are no events of it") != std::string::npos);
  CHECK(code == 4);
  CHECK(system.commands().beat("old").ok());
  system.lifesign({"forget", "old", "--why", "test"}, &code);
  CHECK(code == 0);
  REQUIRE(eventually([&] { return system.status_of("old") == "not_found"; }));
  CHECK(system.lifesign({"events", "--agent", "old"}, &code).find("agent.forgotten") != std::string::npos);
  CHECK(code == 0);
  CHECK(system.lifesign({"events", "--agent", "old", "--type", "agent.stalled"}, &code).starts_with("No such events"));
  CHECK(code == 0);
  CHECK(system.lifesign({"history", "old"}, &code).starts_with("TIME"));
  CHECK(code == 0);
  system.lifesign({"history", "nobody"}, &code);
  CHECK(code == 4);

  const auto watched = system.lifesign({"watch", "agent.timeout/nobody", "--since", "999999", "--for", "1ms"}, &code);
  CHECK(code == 0);
  CHECK(watched.find("note: no agent nobody is known yet") != std::string::npos);
  CHECK(watched.find("--since 999999 is ahead of the log") != std::string::npos);
  CHECK(system.commands().beat("new").ok());
  REQUIRE(eventually([&] { return system.status_of("new") == "active"; }));
  CHECK(system.lifesign({"watch", "agent.*/new", "--since", "0", "--for", "1ms"}, &code).find("note:") ==
        std::string::npos);
}

TEST_CASE("a second process on the same folder refuses to start and names the first", "[process]") {
  System system("second");
  system.start();
  for (const char* process : {"broker", "recorder"}) {
    Child second(std::string(LIFESIGN_BIN_DIR "/lifesign-") + process, {"--data", system.dir().string(), "--port", "0"},
                 system.dir() / "second.log");
    CHECK(second.wait() == 4);
    INFO(second.output());
    CHECK(second.output().find(std::to_string(system.child(process).pid())) != std::string::npos);
  }
}

TEST_CASE("a taken port is named with its holder and the option that moves it", "[process]") {
  System system("port");
  system.start("broker");
  REQUIRE(eventually([&] { return std::filesystem::exists(system.dir() / "broker.endpoints"); }));
  const std::string taken = system.endpoint("ingest");
  const std::string elsewhere = system.dir() / "other";
  Child second(LIFESIGN_BIN_DIR "/lifesign-broker", {"--data", elsewhere, "--ingest", taken, "--port", "0"},
               system.dir() / "second.log");
  CHECK(second.wait() == 3);
  const std::string said = second.output();
  INFO(said);
  CHECK(said.find("port " + taken.substr(taken.rfind(':') + 1) + " is taken by pid") != std::string::npos);
  CHECK(said.find("--ingest") != std::string::npos);
}

TEST_CASE("a bind to anything but loopback is refused with the reason", "[process]") {
  System system("bind");
  Child broker(LIFESIGN_BIN_DIR "/lifesign-broker",
               {"--data", system.dir().string(), "--ingest", "tcp://0.0.0.0:7400", "--port", "0"},
               system.dir() / "broker.log");
  CHECK(broker.wait() == 2);
  CHECK(broker.output().find("loopback") != std::string::npos);
}

TEST_CASE("a watchdog or broker that is stopped for long times no living agent out and misses no death", "[process]") {
  System system("pause");
  system.start();
  Fleet fleet(system, 10);
  REQUIRE(eventually([&] { return count(system, "active") == 10; }));
  int dies = 0;
  for (const char* process : {"watchdog", "broker"}) {
    system.child(process).signal(SIGSTOP);
    fleet.kill(dies++);               // in the dark, and must be reported all the same
    std::this_thread::sleep_for(6s);  // three times the timeout: the length of the pause is the test
    system.child(process).signal(SIGCONT);
    REQUIRE(system.log_time_passes(3s));
  }
  REQUIRE(eventually([&] { return system.events({"agent.timeout"}).size() >= 2; }));
  const auto timeouts = system.events_by_agent("agent.timeout");
  CHECK(timeouts == std::map<std::string, int>{{Fleet::id(0), 1}, {Fleet::id(1), 1}});
  CHECK(system.events({"fleet.blind"}).size() >= 1);
}
