// Settings that change while an agent is silent: nobody is late by a promise that was made only afterwards.
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
  r.log.sequenced_tick(t + 100);  // but from then on it is held to it
  const auto told = r.settle(t + 100);
  REQUIRE(Rig::types(told).back() == "agent.timeout");
  CHECK(told.back().decided() >= t + 20);
  check_one_truth(r);
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
