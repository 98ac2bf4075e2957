// SIGKILL of broker, recorder and watchdog in random order, under load, while agents live, die and come back: what was
// recorded is there once, every verdict is there once and is delivered once, each death is told and no life is taken
// for one. LIFESIGN_SEED replays a failure; LIFESIGN_KILLS makes it longer.
#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <thread>

#include "lifesign/agent.h"
#include "support/audit.h"
#include "support/deaths.h"
#include "support/listener.h"
#include "support/mortal.h"
#include "support/recorded_beats.h"
#include "support/replay.h"

using namespace lifesign;
using namespace lifesign::tests;
using namespace std::chrono_literals;

namespace {

// Everybody who beats during the test.
class Load {
 public:
  Load(const System& system, std::mt19937_64& random) {
    const std::string ingest = system.endpoint("ingest");
    for (int i = 0; i < 4; ++i)
      clients.push_back(std::make_unique<RecordedBeats>("recorded-" + std::to_string(i), ingest));
    for (int i = 0; i < 6; ++i)
      mortals.push_back(std::make_unique<Mortal>("mortal-" + std::to_string(i), ingest, random()));
    for (int i = 0; i < 6; ++i) {
      auto agent = Agent::start(
          {.id = "living-" + std::to_string(i), .endpoint = ingest, .interval = 1s, .goodbye_on_destruction = true});
      REQUIRE(agent.ok());
      living.push_back(std::move(agent).value());
    }
  }

  std::uint64_t recorded() const {
    std::uint64_t sum = 0;
    for (const auto& client : clients) sum += client->recorded();
    return sum;
  }

  std::vector<std::unique_ptr<RecordedBeats>> clients;
  std::vector<std::unique_ptr<Mortal>> mortals;
  std::vector<std::unique_ptr<Agent>> living;
};

void kill_again_and_again(System& system, const Load& load, std::uint64_t kills, std::mt19937_64& random) {
  for (std::uint64_t kill = 0; kill < kills; ++kill) {
    const char* processes[] = {"broker", "recorder", "watchdog"};
    const char* process = processes[random() % 3];
    const std::uint64_t target = load.recorded() + 1 + random() % 300;
    INFO("kill " << kill << " of " << process);
    REQUIRE(eventually([&] { return load.recorded() >= target; }));
    system.kill(process);
    // Long enough, at times, for an agent to die or return meanwhile: the length of the pause is the test.
    if (random() % 3 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(random() % 2000));
    system.start(process);
  }
}

}  // namespace

TEST_CASE("whichever process is killed when, nothing recorded is lost or doubled and every death is told once",
          "[process][crash]") {
  const Replay replay("LIFESIGN_KILLS", 10);
  INFO(replay.text());
  std::mt19937_64 random(replay.seed());
  System system("crash");
  system.start();
  Listener all(system, {}, false), again(system, {"agent.timeout"}, true);
  Load load(system, random);
  kill_again_and_again(system, load, replay.length(), random);
  const std::uint64_t last = load.recorded() + 20;
  REQUIRE(eventually([&] { return load.recorded() >= last; }));
  REQUIRE(eventually([&] { return system.watchdog_judges(); }));

  // Who lives has beaten until now. The mortals die for good, and that is to be told too.
  for (auto& mortal : load.mortals) mortal->finish();
  REQUIRE(system.log_time_passes(4s));
  std::vector<Value> events = system.events({});
  for (const Value& event : events) {
    INFO(to_json(event));
    if (event["type"].text() == "agent.timeout") CHECK(event["agent_id"].text_or("").starts_with("mortal-"));
  }
  for (auto& client : load.clients) client->finish();
  load.living.clear();
  REQUIRE(system.log_time_passes(500ms));
  audit_totals(system);  // first: in a few seconds the clients would count as late
  for (const auto& client : load.clients) audit_recorded(system, client->id(), client->recorded());
  for (int i = 0; i < 6; ++i) audit_counts(system, "living-" + std::to_string(i));

  events = system.events({});
  audit_verdicts(events);
  const auto blind = blind_spans(events);
  constexpr std::uint64_t timeout = Mortal::timeout_ms * 1000;
  constexpr std::uint64_t first_miss = (Mortal::interval_ms + Mortal::grace_ms) * 1000;
  std::size_t deaths = 0;
  for (const auto& mortal : load.mortals) {
    audit_counts(system, mortal->id());
    const auto found = silences(history(system, mortal->id()), blind, timeout, first_miss, system.log_time());
    deaths += audit_deaths(mortal->id(), found, blind, timeout, events);
  }
  CHECK(deaths >= load.mortals.size());

  const std::uint64_t newest = events.back()["seq"].u64_or(0);
  const auto timeouts = system.events({"agent.timeout"});
  CHECK(eventually([&] { return all.last() >= newest && again.last() >= timeouts.back()["seq"].u64_or(0); }));
  all.finish();
  again.finish();
  // What came since is told too where the audit takes long: the clients count as late by now.
  all.audit(events, system.events({}));
  again.audit(timeouts, system.events({"agent.timeout"}));
  CHECK(all.gaps() == 0);
  CHECK(again.starts() > 1);
}
