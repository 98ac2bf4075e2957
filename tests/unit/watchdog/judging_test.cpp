// What the watchdog tells, and when.
#include "unit/watchdog/rig.h"

using namespace lifesign;
using liveness::Cause;
using liveness::Status;
using test::at;
using test::Rig;
using test::Types;

TEST_CASE("a silent agent is late, then timed out, and recovers with the length of its outage", "[watchdog]") {
  Rig r;
  const auto evidence = r.log.beat(0, "a", 7, 1);
  r.log.tick(1);
  CHECK(Rig::types(r.settle(1)) == Types{"agent.registered", "agent.ready"});
  r.log.tick(37.499);
  CHECK(r.settle(37.499).empty());
  r.log.tick(40);
  const auto miss = r.settle(40);
  REQUIRE(Rig::types(miss) == Types{"heartbeat.missed"});
  CHECK(miss[0].decided() == 37.5);  // the deadline's time, not the tick's
  CHECK(miss[0].event.evidence_seq == evidence);
  CHECK(miss[0].event.ordinal == 1);
  CHECK(r.recorder_view("a").status == Status::late);
  r.log.tick(60);
  const auto timeout = r.settle(60);
  REQUIRE(Rig::types(timeout) == Types{"agent.timeout"});
  CHECK(timeout[0].decided() == 60);
  CHECK(timeout[0].event.ordinal == 2);
  CHECK(timeout[0].text("cause") == "silent");
  CHECK(timeout[0].number("blind_ms") == 0);
  CHECK(r.recorder_view("a").status == Status::offline);
  CHECK(r.recorded_misses == 2);
  const auto back = r.log.beat(100, "a", 7, 2);
  const auto recovered = r.settle(100);
  REQUIRE(Rig::types(recovered) == Types{"agent.recovered"});
  CHECK(recovered[0].event.evidence_seq == back);
  CHECK(recovered[0].number("outage_ms") == 40'000);
  CHECK(recovered[0].number("offline_since") == base::to_wire(at(60)));
  CHECK(recovered[0].text("cause") == "silent");
  CHECK(r.recorder_view("a").status == Status::active);
  r.log.tick(130);
  CHECK(r.settle(130).empty());
  CHECK(r.dog->outbox().size() == 0);
}

TEST_CASE("a beating agent is never told of, however long", "[watchdog]") {
  Rig r;
  for (int i = 0; i < 200; ++i) {
    r.log.beat(30 * i, "a", 7, static_cast<std::uint64_t>(i + 1));
    for (int k = 0; k < 30; ++k) r.log.tick(30 * i + k);
  }
  CHECK(Rig::types(r.settle(6000)) == Types{"agent.registered", "agent.ready"});
  CHECK(r.dog->counters().looks < 200);  // beats leave the wheel alone
}

TEST_CASE("a queue read late brings no verdict, since there was no drained tick", "[watchdog]") {
  Rig r;
  r.log.beat(0, "a", 7, 1);
  r.log.tick(1);
  r.settle(1);
  // The broker was behind: the beat of second 30 is stamped when read, at 70, and no tick came before.
  r.log.beat(70, "a", 7, 2);
  r.log.tick(71);
  CHECK(r.settle(71).empty());
  CHECK(r.dog_view("a").status == Status::active);
}

TEST_CASE("an agent that is expected and never comes goes offline as never_seen", "[watchdog]") {
  Rig r;
  const auto seq = r.log.command(0, "agent.expected", "a");
  r.log.tick(59.9);
  CHECK(r.settle(59.9).empty());
  r.log.tick(60);
  const auto told = r.settle(60);
  REQUIRE(Rig::types(told) == Types{"agent.timeout"});
  CHECK(told[0].text("cause") == "never_seen");
  CHECK(told[0].event.evidence_seq == seq);
  r.log.beat(100, "a", 7, 1);
  CHECK(Rig::types(r.settle(100)) == Types{"agent.registered", "agent.ready", "agent.recovered"});
}

TEST_CASE("a stopped or forgotten agent is not watched", "[watchdog]") {
  Rig r;
  r.log.beat(0, "a", 7, 1);
  r.log.beat(0, "b", 8, 1);
  r.log.tick(1);
  r.settle(1);
  r.log.goodbye(2, "a", 7);
  r.log.command(2, "agent.forgotten", "b");
  r.log.tick(1000);
  CHECK(r.settle(1000).empty());
}

TEST_CASE("a resend after goodbye changes nothing", "[watchdog]") {
  Rig r;
  r.log.beat(0, "a", 7, 1);
  r.log.goodbye(2, "a", 7);
  r.log.tick(3);
  r.settle(3);
  r.log.beat(4, "a", 7, 1);
  r.log.beat(4, "a", 7, 2);
  r.log.tick(1000);
  CHECK(r.settle(1000).empty());
  CHECK(r.recorder_view("a").status == Status::stopped);
}

TEST_CASE("once the current run has timed out the older one's next beat makes it current", "[watchdog]") {
  Rig r;
  r.log.beat(0, "a", 7, 1);
  r.log.beat(1, "a", 8, 1);
  r.log.beat(30, "a", 7, 2);
  r.log.tick(59);
  r.settle(59);
  CHECK(r.dog_view("a").status == Status::late);  // run 7 does not keep it alive
  r.log.tick(61);
  CHECK(Rig::types(r.settle(61)) == Types{"agent.timeout"});
  r.log.beat(62, "a", 7, 3);
  CHECK(Rig::types(r.settle(62)) == Types{"agent.recovered"});
  CHECK(r.dog_view("a").run == 7);
}

TEST_CASE("a slow agent clock changes nothing", "[watchdog]") {
  Rig r;
  wire::Beat b;
  b.agent_id = "a";
  b.sent_at = 1;  // 1970
  r.log.beat(0, b);
  b.sent_at = test::script_start * 2;
  r.log.beat(30, b);
  r.log.tick(67.4);
  CHECK(Rig::types(r.settle(67.4)) == Types{"agent.registered", "agent.ready"});
  r.log.tick(67.5);
  CHECK(Rig::types(r.settle(67.5)) == Types{"heartbeat.missed"});
}

TEST_CASE("a shorter interval is judged from the beat that promised it", "[watchdog]") {
  Rig r;
  wire::Beat b;
  b.agent_id = "a";
  b.interval_ms = 60'000;
  r.log.beat(0, b);
  r.log.tick(1);
  r.settle(1);
  b.interval_ms = 1'000;
  r.log.beat(10, b);
  r.log.tick(11.25);
  CHECK(Rig::types(r.settle(11.25)) == Types{"heartbeat.missed"});
}

TEST_CASE("a timeout is disconnected when its connection closed and was not heard since", "[watchdog]") {
  Rig r;
  r.log.connection = 5;
  r.log.beat(0, "a");
  r.log.connection = 6;
  r.log.beat(0, "b");
  r.log.closed(1, 5);
  r.log.closed(1, 6);
  r.log.beat(2, "b");  // heard again by the same number
  r.log.tick(70);
  for (const auto& told : r.settle(70))
    if (told.type() == "agent.timeout")
      CHECK(told.text("cause") == (told.event.agent_id == "a" ? "disconnected" : "silent"));
}

TEST_CASE("connections of an earlier broker run say nothing", "[watchdog]") {
  Rig r;
  r.log.connection = 5;
  r.log.beat(0, "a");
  r.log.restart(1, 2);
  r.log.closed(3, 5);  // another's, by the same number
  r.log.tick(80);
  CHECK(r.settle(80).back().text("cause") == "silent");
}

TEST_CASE("agents that share a host and fall silent together are cut off, a lone one is silent", "[watchdog]") {
  Rig r;
  for (const char* id : {"a1", "a2", "a3", "a4", "b1", "b2", "b3", "b4"}) {
    auto reg = test::registration(id);
    reg.labels = {{"host", std::string(1, id[0])}};
    r.log.registration(0, reg);
    r.log.beat(1, id);
  }
  for (int t = 30; t <= 60; t += 30)
    for (const char* id : {"b1", "b2", "b3"}) r.log.beat(t, id);
  r.log.tick(40);
  r.log.tick(62);
  int cut_off = 0;
  for (const auto& told : r.settle(62)) {
    if (told.type() != "agent.timeout") continue;
    if (told.event.agent_id[0] == 'a') {
      CHECK(told.text("cause") == "cut_off");
      CHECK(told.text("shared") == "host=a");
      ++cut_off;
    } else {
      CHECK(told.text("cause") == "silent");
    }
  }
  CHECK(cut_off == 4);
}

TEST_CASE("an unseen verdict is sent again after a second of log time, a seen one is not", "[watchdog]") {
  Rig r;
  r.log.beat(0, "a", 7, 1);
  r.log.tick(0.1);
  r.play();
  const auto first = r.sent();
  CHECK(first.size() == 2);
  CHECK(r.sent().empty());
  r.log.verdict(0.2, first[0].map);
  r.log.tick(1.2);
  r.play();
  const auto again = r.sent();
  REQUIRE(again.size() == 1);
  CHECK(again[0].map == first[1].map);
  CHECK(r.dog->outbox().resends() == 1);
  r.log.verdict(1.3, again[0].map);
  r.log.verdict(1.3, again[0].map);  // twice: harmless
  r.log.tick(10);
  r.play();
  CHECK(r.sent().empty());
}
