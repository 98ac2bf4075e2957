// The sequences that once went wrong elsewhere: crashes, restarts, verdicts that cross with beats, fuzzy snapshots.
#include <algorithm>

#include "unit/watchdog/rig.h"

using namespace lifesign;
using liveness::Status;
using test::at;
using test::Rig;
using test::Types;

TEST_CASE("a verdict made while a later beat was sequenced is applied as of its making, then the beat", "[watchdog]") {
  Rig r;
  const auto evidence = r.log.beat(0, "a", 7, 1);
  r.log.tick(1);
  r.settle(1);
  r.log.tick(60);
  r.play();
  const auto verdicts = r.sent();  // missed and timeout, on their way ...
  REQUIRE(Rig::types(verdicts) == Types{"heartbeat.missed", "agent.timeout"});
  const auto first_back = r.log.beat(60.001, "a", 7, 2);  // ... while beats are sequenced
  r.log.beat(60.002, "a", 7, 3);
  for (const auto& v : verdicts) r.log.verdict(60.01, v.map);
  r.play();
  CHECK(r.recorded_misses == 2);
  CHECK(r.recorder_view("a").status == Status::active);
  CHECK(r.dog_view("a").status == Status::active);
  // Both know the same recovery, by the same key.
  const auto row = r.recorder.find("a");
  REQUIRE(r.recorder.owed(row).size() == 1);
  CHECK(r.recorder.owed(row)[0].type == liveness::Verdict::recovered);
  CHECK(r.recorder.owed(row)[0].evidence_seq == first_back);
  const auto told = r.settle(61);
  REQUIRE(Rig::types(told) == Types{"agent.recovered"});
  CHECK(told[0].event.evidence_seq == first_back);
  CHECK(told[0].number("outage_ms") == 1);
  CHECK(verdicts[1].event.evidence_seq == evidence);
  CHECK(r.recorder.owed(row).empty());
  // The same verdicts once more change nothing.
  for (const auto& v : verdicts) r.log.verdict(62, v.map);
  r.play();
  CHECK(r.recorded_misses == 2);
  CHECK(r.recorder.owed(row).empty());
}

TEST_CASE("a timeout that crosses with a goodbye counts, and the agent stays stopped", "[watchdog]") {
  Rig r;
  r.log.beat(0, "a", 7, 1);
  r.log.tick(1);
  r.settle(1);
  r.log.tick(60);
  r.play();
  const auto verdicts = r.sent();
  r.log.goodbye(60.001, "a", 7);
  for (const auto& v : verdicts) r.log.verdict(60.01, v.map);
  CHECK(r.settle(61).empty());
  CHECK(r.recorded_misses == 2);
  CHECK(r.recorder_view("a").status == Status::stopped);
  CHECK(r.dog_view("a").status == Status::stopped);
}

TEST_CASE("a crash between event and recording loses nothing: what is owed is told by the next watchdog",
          "[watchdog]") {
  Rig r;
  const auto seq = r.log.beat(0, "a", 7, 1);
  r.log.tick(1);
  r.play();
  const auto before = r.sent();  // said to the broker, lost with it
  r.restart_dog();
  CHECK(r.sent().empty());  // nothing is told before a tick
  r.log.tick(2);
  const auto after = r.settle(2);
  REQUIRE(Rig::types(after) == Types{"agent.registered", "agent.ready"});
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(wire::verdict_key(after[i].event) == wire::verdict_key(before[i].event));
    CHECK(after[i].event.evidence_seq == seq);
  }
}

TEST_CASE("a timeout that was lost on its way is made again with the same key", "[watchdog]") {
  Rig r;
  r.log.beat(0, "a", 7, 1);
  r.log.tick(1);
  r.settle(1);
  r.log.tick(60);
  r.play();
  const auto before = r.sent();
  r.restart_dog();
  r.log.tick(90);
  const auto after = r.settle(90);
  REQUIRE(Rig::types(after) == Types{"heartbeat.missed", "agent.timeout"});
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(wire::verdict_key(after[i].event) == wire::verdict_key(before[i].event));
    CHECK(after[i].event.decided == before[i].event.decided);
  }
}

TEST_CASE("a first tick that comes before any record is judged, and ends", "[watchdog]") {
  Rig r;
  r.log.beat(0, "a", 7, 1);
  r.log.tick(1);
  r.settle(1);
  r.restart_dog();
  r.log.tick(90);  // unsequenced, and nothing else in the log since the snapshot
  r.play();
  CHECK(Rig::types(r.sent()) == Types{"heartbeat.missed", "agent.timeout"});
}

TEST_CASE("the last record that a fuzzy snapshot holds is not applied to its row again", "[watchdog]") {
  Rig r;
  r.log.beat(0, "a");
  const auto early = r.recorder.export_fleet();
  r.log.beat(1, "b");
  r.log.beat(2, "a");  // no run: only as_of tells that it is held
  r.play_recorder();
  r.dog.emplace(watchdog::Watchdog::Options{});
  REQUIRE(r.dog->load_fleet(early).ok());
  auto row = r.recorder.export_row(r.recorder.find("a"));
  row.owed.clear();  // had it been applied again, nothing else would show
  row.known = row.beaten = false;
  REQUIRE(r.dog->load_row(row).ok());
  r.log.tick(3);
  r.play();
  CHECK_FALSE(r.dog_view("a").beaten);
}

TEST_CASE("what the recorder holds already is not told again after a restart", "[watchdog]") {
  Rig r;
  r.log.beat(0, "a", 7, 1);
  r.log.tick(70);
  r.settle(70);
  r.restart_dog();
  r.log.tick(100);
  CHECK(r.settle(100).empty());
  CHECK(r.dog_view("a").status == Status::offline);
  r.log.beat(110, "a", 7, 2);
  const auto told = r.settle(110);
  REQUIRE(Rig::types(told) == Types{"agent.recovered"});
  CHECK(told[0].number("outage_ms") == 50'000);
}

TEST_CASE("a watchdog that was away judges from the log what the log shows", "[watchdog]") {
  Rig r;
  r.log.beat(0, "a", 7, 1);
  r.log.beat(0, "b", 8, 1);
  r.log.tick(1);
  r.settle(1);
  r.restart_dog();
  // Away from 1 s to 100 s; the ring held it all. b went on beating.
  for (int t = 30; t <= 90; t += 30) r.log.beat(t, "b", 8, static_cast<std::uint64_t>(1 + t / 30));
  for (int t = 10; t <= 100; t += 10) r.log.tick(t);
  const auto told = r.settle(100);
  REQUIRE(Rig::types(told) == Types{"heartbeat.missed", "agent.timeout"});
  CHECK(told[1].event.agent_id == "a");
  CHECK(told[1].decided() == 60);
}

TEST_CASE("an outage that began and ended while nobody watched is told by the next watchdog", "[watchdog]") {
  Rig r;
  const auto evidence = r.log.beat(0, "a", 7, 1);
  r.log.beat(0, "b", 8, 1);
  r.log.tick(1);
  r.settle(1);
  r.log.beat(30, "b", 8, 2);
  r.log.sequenced_tick(59);
  r.log.beat(60, "b", 8, 3);
  r.log.sequenced_tick(60.5);
  const auto back = r.log.beat(80, "a", 7, 2);
  r.play_recorder();
  SECTION("and by its causes and times") {
    r.restart_dog();
    r.log.tick(81);
    const auto told = r.settle(81);
    REQUIRE(Rig::types(told) == Types{"heartbeat.missed", "agent.timeout", "agent.recovered"});
    CHECK(told[0].event.evidence_seq == evidence);
    CHECK(told[0].decided() == 37.5);
    CHECK(told[1].event.ordinal == 2);
    CHECK(told[1].decided() == 60);
    CHECK(told[1].text("cause") == "silent");
    CHECK(told[2].event.evidence_seq == back);
    CHECK(told[2].number("outage_ms") == 20'000);
    CHECK(r.recorded_misses == 2);
  }
  SECTION("also when another silence has begun and ended since") {
    r.log.sequenced_tick(120);
    r.log.sequenced_tick(199);
    r.log.beat(200, "a", 7, 3);
    r.log.goodbye(201, "b", 8);
    r.play_recorder();
    r.restart_dog();
    r.log.tick(201);
    const auto told = r.settle(201);
    std::vector<double> outages, ends;
    for (const auto& t : told) {
      if (t.event.agent_id == "b") CHECK(t.type() != "agent.recovered");
      if (t.event.agent_id == "a" && t.type() == "agent.timeout") outages.push_back(t.decided());
      if (t.event.agent_id == "a" && t.type() == "agent.recovered") ends.push_back(t.decided());
    }
    CHECK(outages == std::vector<double>{60, 140});
    CHECK(ends == std::vector<double>{80, 200});
    CHECK(r.recorded_misses == 6);  // two outages of a, and the one that ended with b's goodbye
  }
  CHECK(r.recorder.export_row(r.recorder.find("a")) == r.dog->fold().export_row(r.dog->fold().find("a")));
  CHECK(r.recorder.owed(r.recorder.find("a")).empty());
  CHECK(r.recorder_view("a").status == Status::active);
  r.restart_dog();
  r.log.tick(r.dog_view("b").status == Status::stopped ? 202 : 82);
  CHECK(r.settle(202).empty());
}

TEST_CASE("a silence that no tick of the log lies beyond is no outage, and neither is one that was blind",
          "[watchdog]") {
  Rig r;
  r.log.beat(0, "a", 7, 1);
  r.log.beat(0, "b", 8, 1);
  r.log.tick(1);
  r.settle(1);
  r.log.sequenced_tick(20);
  r.log.beat(80, "a", 7, 2);  // it may have waited unread: nothing says that all was read between
  r.log.blind(85, 21, 84);
  r.log.sequenced_tick(86);
  r.log.beat(100, "b", 8, 2);
  r.play_recorder();
  r.restart_dog();
  r.log.tick(101);
  CHECK(r.settle(101).empty());
}

TEST_CASE("what an agent was busy with pushes no recovery out of what is still to be told", "[watchdog]") {
  Rig r;
  r.log.beat(0, "a", 7, 1);
  r.log.tick(70);
  r.settle(70);
  std::uint64_t run_seq = 2;
  const auto back = r.log.beat(71, "a", 7, run_seq);
  for (int i = 0; i < 40; ++i) {
    const std::string task = "task " + std::to_string(i);
    wire::Beat beat;
    beat.agent_id = "a";
    beat.run = 7;
    beat.run_seq = ++run_seq;
    beat.has_task = true;
    beat.task = task;
    r.log.beat(72 + i, beat);
  }
  r.play_recorder();
  r.restart_dog();
  r.log.tick(113);
  const auto told = r.settle(113);
  REQUIRE(Rig::types(told) == Types{"agent.recovered", "agent.status"});
  CHECK(told[0].event.evidence_seq == back);
  CHECK(told[1].text("task") == "task 39");
}

TEST_CASE("a fuzzy snapshot and the replay give the state of a straight replay", "[watchdog]") {
  Rig r;
  for (int i = 0; i < 20; ++i) {
    r.log.beat(i, "a", 7, static_cast<std::uint64_t>(i + 1));
    r.log.beat(i, "b", 8, static_cast<std::uint64_t>(i + 1));
    if (i == 8) r.log.goodbye(i, "a", 7);
    if (i == 9) r.log.command(i, "agent.forgotten", "c");
    if (i < 9) r.log.beat(i, "c");
    if (i == 15) r.log.beat(i, "c");
  }
  // Row b as of seq 10, row a as of 25; c was not there when its page was taken.
  liveness::Fold early, later;
  for (const auto& record : r.log.records()) {
    if (record.first_seq <= 10) REQUIRE(early.apply_entry(record.view()).ok());
    if (record.first_seq <= 25) REQUIRE(later.apply_entry(record.view()).ok());
  }
  r.dog.emplace(watchdog::Watchdog::Options{});
  REQUIRE(r.dog->load_fleet(early.export_fleet()).ok());
  REQUIRE(r.dog->load_row(later.export_row(later.find("a"))).ok());
  REQUIRE(r.dog->load_row(early.export_row(early.find("b"))).ok());
  CHECK(r.dog->next_seq() == 11);
  r.log.tick(21);
  r.play();
  for (const char* id : {"a", "b", "c"})
    CHECK(r.dog->fold().export_row(r.dog->fold().find(id)) == r.recorder.export_row(r.recorder.find(id)));
  CHECK(r.dog->judging());
}

TEST_CASE("nothing is judged while the snapshot is fuzzy", "[watchdog]") {
  Rig r;
  r.log.beat(0, "a", 7, 1);
  r.log.beat(100, "a", 7, 2);
  r.log.beat(101, "b", 7, 2);
  r.play_recorder();
  liveness::FleetState fleet;
  r.dog.emplace(watchdog::Watchdog::Options{});
  REQUIRE(r.dog->load_fleet(fleet).ok());
  REQUIRE(r.dog->load_row(r.recorder.export_row(r.recorder.find("a"))).ok());  // as of 3, the fleet as of 0
  test::LogScript old;
  old.beat(0, "a", 7, 1);
  old.tick(99);
  for (const auto& record : old.records()) REQUIRE(r.dog->apply(record.view()).ok());
  CHECK_FALSE(r.dog->judging());
  r.log.tick(102);
  r.play_dog();
  CHECK(r.dog->judging());
  CHECK(r.dog_view("a").status == Status::active);
}

TEST_CASE("a broker that was away times nobody out who beats again, and a dead one is still reported", "[watchdog]") {
  Rig r;
  r.log.beat(0, "lives", 7, 1);
  r.log.beat(0, "dies", 8, 1);
  r.log.tick(1);
  r.settle(1);
  r.log.skip_to(1'000'000);
  r.log.restart(5, 300);
  r.log.tick(300.01);
  CHECK(r.settle(300.01).empty());
  r.log.beat(325, "lives", 7, 2);
  r.log.tick(337.4);
  CHECK(r.settle(337.4).empty());
  r.log.tick(360);
  const auto told = r.settle(360);
  REQUIRE(Rig::types(told) == Types{"heartbeat.missed", "agent.timeout"});
  CHECK(told[1].event.agent_id == "dies");
  CHECK(told[1].number("blind_ms") == 299'000);  // from the last record of the run before
  CHECK(told[1].text("cause") == "silent");
}

TEST_CASE("a snapshot from before the broker's restart applies its blind span before judging", "[watchdog]") {
  Rig r;
  r.log.beat(0, "a", 7, 1);
  r.log.tick(1);
  r.settle(1);
  const auto snapshot_from = r.recorder.applied();
  r.restart_dog();
  r.log.skip_to(5'000);
  r.log.restart(10, 500);
  r.log.tick(500.1);
  CHECK(r.dog->next_seq() == snapshot_from + 1);
  CHECK(r.settle(500.1).empty());
}

TEST_CASE("a broker that restarts again and again hides no death and invents none", "[watchdog]") {
  Rig r;
  r.log.beat(0, "lives", 7, 1);
  r.log.beat(0, "dies", 8, 1);
  std::vector<test::Told> all;
  double t = 0;
  for (std::uint64_t n = 2; n < 60; ++n) {
    r.log.restart(t + 0.5, t + 5);  // up for 5.5 s, down for 4.5 s, for ever
    t += 5;
    if (n % 3 == 0) r.log.beat(t + 1, "lives", 7, n);  // it beats every 30 s
    for (int k = 1; k <= 5; ++k) r.log.tick(t + k);
    t += 5;
    for (auto& told : r.settle(t)) all.push_back(told);
  }
  int timeouts = 0;
  for (const auto& told : all) {
    if (told.type() != "agent.timeout") continue;
    ++timeouts;
    CHECK(told.event.agent_id == "dies");
    CHECK(told.text("cause") == "unobserved");
    CHECK(told.decided() > 100);
    CHECK(told.decided() < 200);
  }
  CHECK(timeouts == 1);
  CHECK(r.dog_view("lives").status != Status::offline);
}

TEST_CASE("a snapshot after each record leads to the same verdicts as no restart at all", "[watchdog]") {
  const auto write = [](test::LogScript& log) {
    log.beat(0, "a", 7, 1);
    log.beat(0, "b", 8, 1);
    log.tick(20);
    log.blind(30, 21, 29);
    log.beat(31, "b", 8, 2);
    log.tick(60);
    log.tick(90);
    log.beat(91, "a", 7, 2);
    log.tick(95);
    log.goodbye(96, "b", 8);
    log.tick(300);
  };
  std::vector<std::string> straight;
  for (const bool restarts : {false, true}) {
    Rig r;
    test::LogScript script;
    write(script);
    std::vector<std::string> keys;
    for (const auto& record : script.records()) {
      // Own seqs: verdicts come between, so evidence is compared by type, agent and time.
      if (restarts) r.restart_dog();
      const double t = static_cast<double>(base::to_wire(record.time) - test::script_start) / 1e6;
      switch (record.kind) {
        case wire::Kind::tick:
          r.log.tick(t);
          break;
        case wire::Kind::beats: {
          wire::BeatList list(record.body);
          wire::Beat b;
          REQUIRE(list.next(b));
          r.log.beat(t, b);
          break;
        }
        case wire::Kind::goodbye:
          r.log.goodbye(t, "b", 8);
          break;
        default:
          r.log.blind(t, 21, 29);
      }
      for (const auto& told : r.settle(t))
        keys.push_back(told.type() + "/" + std::string(told.event.agent_id) + "/" + std::to_string(told.decided()));
    }
    std::sort(keys.begin(), keys.end());
    if (restarts)
      CHECK(keys == straight);
    else
      straight = keys;
  }
  CHECK(straight.size() == 11);
}
