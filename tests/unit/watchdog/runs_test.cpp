// Several processes under one id, whose beats and goodbyes cross with verdicts: which of them is the agent is told by
// the log alone, so recorder and watchdog agree.
#include <algorithm>

#include "unit/watchdog/rig.h"

using namespace lifesign;
using liveness::Status;
using test::Rig;
using test::Types;

namespace {

// Run 7 lives; run 8 started after it and hangs. What falls due by 47.6 is on its way.
std::vector<test::Told> second_start_hangs(Rig& r, std::uint64_t limit) {
  auto reg = test::registration("a");
  reg.missed_limit = limit;
  r.log.registration(0, reg);
  r.log.beat(0, "a", 7, 1);
  r.log.beat(10, "a", 8, 1);
  r.log.sequenced_tick(11);
  r.settle(11);
  r.log.sequenced_tick(47.6);
  r.play();
  return r.sent();
}

}  // namespace

TEST_CASE("an earlier run's beat that crosses with a verdict on the current one is taken alike by all", "[watchdog]") {
  Rig r;
  const auto limit = GENERATE(as<std::uint64_t>{}, 1, 2);
  const auto flying = second_start_hangs(r, limit);
  REQUIRE(Rig::types(flying) == Types{limit == 1 ? "agent.timeout" : "heartbeat.missed"});
  r.log.beat(47.61, "a", 7, 2);
  for (const auto& v : flying) r.log.verdict(47.62, v.map);
  r.settle(47.7);
  CHECK(r.recorder_view("a").run == 7);
  CHECK(r.recorder_view("a").status == Status::active);
  std::vector<std::string> timeouts;
  for (double t = 48; t < 400; t += 1) {  // and then run 7 dies too
    r.log.sequenced_tick(t);
    for (const auto& told : r.settle(t))
      if (told.type() == "agent.timeout") timeouts.push_back(told.text("cause"));
  }
  CHECK(timeouts.size() == 1);
  CHECK(r.recorder_view("a").status == Status::offline);
  CHECK(r.recorder.export_row(r.recorder.find("a")) == r.dog->fold().export_row(r.dog->fold().find("a")));
  r.restart_dog();
  r.log.tick(401);
  CHECK(r.settle(401).empty());
}

TEST_CASE("an earlier run that lives on while nobody watches is alive for the next watchdog", "[watchdog]") {
  Rig r;
  std::uint64_t n = 0;
  r.log.beat(0, "a", 7, ++n);
  r.log.beat(10, "a", 8, 1);
  r.log.sequenced_tick(11);
  r.settle(11);
  for (int t = 30; t <= 300; t += 30) {
    r.log.beat(t, "a", 7, ++n);
    r.log.sequenced_tick(t + 1);
  }
  r.play_recorder();
  r.restart_dog();
  r.log.tick(301.5);
  for (const auto& told : r.settle(301.5))
    if (told.type() == "agent.timeout") CHECK(told.decided() == 70);  // run 8, which hung: run 7 took over at 60
  CHECK(r.dog_view("a").status == Status::active);
}

TEST_CASE("a goodbye of a start that was never heard crosses with a timeout and is taken alike by all", "[watchdog]") {
  Rig r;
  auto reg = test::registration("a");
  reg.missed_limit = 1;
  r.log.registration(0, reg);
  r.log.beat(0, "a", 7, 1);
  r.log.sequenced_tick(1);
  r.settle(1);
  r.log.sequenced_tick(37.6);
  r.play();
  const auto flying = r.sent();
  r.log.goodbye(37.61, "a", 8);
  for (const auto& v : flying) r.log.verdict(37.62, v.map);
  r.settle(37.7);
  CHECK(r.recorder_view("a").status == r.dog_view("a").status);
}

TEST_CASE("an earlier run keeps its agent alive while the newest start never beats", "[watchdog]") {
  Rig r;
  std::uint64_t n = 0;
  r.log.beat(0, "a", 7, ++n);
  r.log.beat(1, "a", 8, 1);
  r.log.goodbye(2, "a", 8);
  auto reg = test::registration("a");
  reg.run = 9;
  r.log.registration(3, reg);
  r.log.tick(4);
  r.settle(4);
  for (double t = 10; t < 200; t += 10) {
    r.log.beat(t, "a", 7, ++n);
    r.log.sequenced_tick(t + 1);
    for (const auto& told : r.settle(t + 1)) CHECK(told.type() != "agent.timeout");
  }
}

TEST_CASE("a beat sent again for want of an answer shows no standstill", "[watchdog]") {
  Rig r;
  auto reg = test::registration("a");
  reg.stall_after_ms = 60'000;
  r.log.registration(0, reg);
  wire::Beat beat;
  beat.agent_id = "a";
  beat.run = 7;
  beat.run_seq = 1;
  beat.has_progress = true;
  beat.progress = 5;
  for (int t = 0; t <= 80; t += 20) {
    r.log.beat(t, beat);
    r.log.sequenced_tick(t + 1);
    for (const auto& told : r.settle(t + 1)) CHECK(told.type() != "agent.stalled");
  }
}

TEST_CASE("eight unwatched outages are told whole, whatever the agent is busy with after", "[watchdog]") {
  Rig r;
  auto reg = test::registration("a");
  reg.missed_limit = 1;
  r.log.registration(0, reg);
  r.log.beat(0, "a", 7, 1);
  r.log.tick(1);
  r.settle(1);
  double t = 0;
  std::uint64_t n = 1;
  const int outages = GENERATE(8, 9);
  for (int i = 0; i < outages; ++i) {
    r.log.sequenced_tick(t + 99);
    t += 100;
    r.log.beat(t, "a", 7, ++n);
  }
  wire::Beat busy;
  busy.agent_id = "a";
  busy.run = 7;
  busy.run_seq = ++n;
  busy.has_task = true;
  busy.task = "x";
  r.log.beat(t + 1, busy);
  r.play_recorder();
  r.restart_dog();
  r.log.tick(t + 2);
  const auto types = Rig::types(r.settle(t + 2));
  CHECK(std::count(types.begin(), types.end(), "agent.timeout") == 8);  // of nine the first is dropped with its end
  CHECK(std::count(types.begin(), types.end(), "agent.recovered") == 8);
}
