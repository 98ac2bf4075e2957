// Settings that change while an agent is silent: nobody is late by a promise that was made only afterwards.
#include <algorithm>

#include "unit/watchdog/rig.h"

using namespace lifesign;
using liveness::Status;
using test::Rig;
using test::Types;

namespace {

// An agent that registered, beat at 0 if it is to, and has been told of.
void begin(Rig& r, const wire::Registration& registration, bool beats = true) {
  r.log.registration(0, registration);
  if (beats) r.log.beat(0, "a", 7, 1);
  r.log.sequenced_tick(1);
  r.settle(1);
}

void check_one_truth(Rig& r) {
  const auto row = r.recorder.find("a");
  CHECK(r.recorder.owed(row).empty());
  CHECK(r.recorder.export_row(row) == r.dog->fold().export_row(r.dog->fold().find("a")));
}

}  // namespace

TEST_CASE("a new start with a shorter promise is not late by the time before it promised", "[watchdog]") {
  Rig r;
  auto reg = test::registration("a");
  double t = 0;
  bool beats = true;
  SECTION("shorter interval") {
    reg.interval_ms = 600'000;
    begin(r, reg);
    t = 100;
    reg.interval_ms = 10'000;
  }
  SECTION("expected, and never beaten until then") {
    reg.interval_ms = 3'600'000;
    begin(r, reg, false);
    t = 1000;
    reg.interval_ms = 30'000;
  }
  SECTION("a schedule given up for an interval") {
    reg.schedule = "0 0 * * *";
    begin(r, reg);
    t = 3600;
    reg.schedule = "";
    reg.interval_ms = 30'000;
  }
  SECTION("no more grace") {
    begin(r, reg);
    t = 33.5;
    reg.grace_ms = 0;
  }
  SECTION("and it does not beat at once") {
    reg.interval_ms = 600'000;
    begin(r, reg);
    t = 100;
    reg.interval_ms = 10'000;
    beats = false;
  }
  r.log.sequenced_tick(t - 0.1);
  CHECK(r.settle(t).empty());
  r.log.registration(t, reg);
  if (beats) r.log.beat(t, "a", 8, 1);
  r.log.sequenced_tick(t + 0.1);
  for (const auto& told : r.settle(t + 0.1)) {
    CHECK(told.type() != "heartbeat.missed");
    CHECK(told.type() != "agent.timeout");
  }
  // From its beat on it is held to it; without one, to what it promised with the last.
  r.log.sequenced_tick(t + 1200);
  const auto told = r.settle(t + 1200);
  REQUIRE_FALSE(told.empty());
  CHECK(told.back().type() == "agent.timeout");
  CHECK(told.back().decided() >= t + (beats ? 20 : 1100));
  check_one_truth(r);
}

TEST_CASE("who promises anew and never beats is timed out all the same", "[watchdog]") {
  Rig r;
  const bool beaten = GENERATE(true, false);
  auto reg = test::registration("a");
  reg.interval_ms = 30'000;
  begin(r, reg, beaten);
  std::vector<double> timeouts;
  for (int i = 1; i <= 20; ++i) {
    reg.run = static_cast<std::uint64_t>(100 + i);
    reg.interval_ms = 30'000 + 1000U * (i % 4);
    reg.time_zone = i % 2 == 0 ? "Europe/Vienna" : "UTC";
    reg.grace_ms = 7500U + i % 2;
    r.log.registration(i * 25, reg);
    r.log.sequenced_tick(i * 25 + 1);
    for (const auto& told : r.settle(i * 25 + 1))
      if (told.type() == "agent.timeout") timeouts.push_back(told.decided());
  }
  REQUIRE(timeouts.size() == 1);
  CHECK(timeouts[0] >= 60);
  CHECK(timeouts[0] <= 66);
}

TEST_CASE("more time that is promised in time is granted at once", "[watchdog]") {
  Rig r;
  auto reg = test::registration("a");
  r.log.beat(0, "a", 7, 1);  // before it is heard that it beats every five minutes
  reg.interval_ms = 300'000;
  r.log.registration(0.01, reg);
  r.log.sequenced_tick(1);
  r.settle(1);
  for (int t = 300; t <= 1500; t += 300) {
    r.log.sequenced_tick(t - 0.1);
    r.log.beat(t, "a", 7, static_cast<std::uint64_t>(t));
    CHECK(r.settle(t).empty());
  }
}

TEST_CASE("an unwatched outage that ends with a new start and other settings is told", "[watchdog]") {
  Rig r;
  begin(r, test::registration("a"));
  for (int t = 10; t <= 1000; t += 10) r.log.sequenced_tick(t);
  auto reg = test::registration("a");
  reg.interval_ms = GENERATE(as<std::uint64_t>{}, 20'000, 600'000);
  r.log.registration(1000, reg);
  r.log.beat(1000.1, "a", 8, 1);
  r.play_recorder();
  r.restart_dog();
  r.log.tick(1000.2);
  const auto types = Rig::types(r.settle(1000.2));
  CHECK(std::count(types.begin(), types.end(), "agent.timeout") == 1);
  CHECK(std::count(types.begin(), types.end(), "agent.recovered") == 1);
  CHECK(r.recorder_view("a").interval_ms == *reg.interval_ms);
}

TEST_CASE("an earlier run that comes back with its own settings is the agent at its first beat", "[watchdog]") {
  Rig r;
  auto slow = test::registration("a");
  slow.interval_ms = 600'000;
  begin(r, slow);
  auto quick = test::registration("a");
  quick.interval_ms = 10'000;
  r.log.registration(4, quick);
  r.log.beat(5, "a", 8, 1);
  r.log.sequenced_tick(90);
  r.settle(90);
  REQUIRE(r.recorder_view("a").status == Status::offline);
  r.log.registration(100, slow);
  r.log.beat(100, "a", 7, 2);
  r.settle(100.1);
  CHECK(r.recorder_view("a").status == Status::active);
  CHECK(r.recorder_view("a").interval_ms == 600'000);
}

TEST_CASE("a goodbye that is sent again stops no start that was announced since", "[watchdog]") {
  Rig r;
  begin(r, test::registration("a"));
  r.log.goodbye(5, "a", 7);
  auto reg = test::registration("a");
  reg.run = 8;
  r.log.registration(6, reg);
  r.log.goodbye(7, "a", 7);
  r.log.sequenced_tick(100);
  const auto told = r.settle(100);
  REQUIRE(Rig::types(told) == Types{"agent.timeout"});
  CHECK(told[0].text("cause") == "never_seen");
}

TEST_CASE("a timeout that crosses with new settings and a beat is told and counted once", "[watchdog]") {
  Rig r;
  auto reg = test::registration("a");
  reg.interval_ms = 10'000;
  begin(r, reg);
  r.log.sequenced_tick(25);
  r.play();
  const auto flying = r.sent();
  REQUIRE(Rig::types(flying) == Types{"heartbeat.missed", "agent.timeout"});
  SECTION("a higher limit") { reg.missed_limit = 3; }
  SECTION("a longer interval") { reg.interval_ms = 600'000; }
  r.log.registration(25.1, reg);
  r.log.beat(25.1, "a", 8, 1);
  for (const auto& v : flying) r.log.verdict(25.2, v.map);
  r.settle(25.3);
  CHECK(r.recorded_misses == 2);
  check_one_truth(r);
  r.restart_dog();
  r.log.tick(26);
  CHECK(r.settle(26).empty());
}
