// A random log: snapshot at any point, restore, go on = straight replay.
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "liveness/fold.h"
#include "unit/liveness/log_script.h"

using namespace lifesign;

namespace {

test::LogScript random_log(std::uint64_t seed, int records) {
  std::mt19937_64 random(seed);
  test::LogScript log;
  double t = 0;
  for (int i = 0; i < records; ++i) {
    t += static_cast<double>(random() % 20'000) / 1000;
    const std::string id(1, static_cast<char>('a' + random() % 6));
    log.connection = static_cast<std::uint32_t>(1 + random() % 4);
    log.peer = random() % 2 == 0 ? "10.0.0.1" : "127.0.0.1";
    const std::uint64_t run = 1 + random() % 3;
    switch (random() % 12) {
      case 0:
        log.goodbye(t, id, random() % 4);
        break;
      case 1:
        log.command(t, random() % 3 == 0 ? "agent.forgotten" : "agent.expected", id);
        break;
      case 2:
        log.blind(t, t - 8, t);
        break;
      case 3:
        log.restart(t - 3, t);
        break;
      case 4:
        log.closed(t, log.connection);
        break;
      case 5:
        log.backfill(t, id, run, 1 + random() % 40, 1000);
        break;
      case 6: {
        auto r = test::registration(id);
        r.labels = {{"host", std::string(1, static_cast<char>('x' + random() % 3))}};
        if (random() % 2 == 0) r.interval_ms = 1000 * (1 + random() % 60);
        if (random() % 3 == 0) r.schedule = "*/5 * * * *";
        if (random() % 3 == 0) r.stall_after_ms = 5'000;
        log.registration(t, r);
        break;
      }
      default: {
        wire::Beat b;
        b.agent_id = id;
        b.run = random() % 5 == 0 ? 0 : run;
        b.run_seq = b.run == 0 ? 0 : 1 + random() % 40;
        b.has_progress = random() % 2 == 0;
        b.progress = random() % 3;
        b.has_activity = random() % 2 == 0;
        b.activity = random() % 2 == 0 ? "busy" : "idle";
        if (random() % 6 == 0) b.busy_for_ms = 1000 * (random() % 100);
        if (random() % 6 == 0) b.interval_ms = 1000 * (1 + random() % 60);
        log.beat(t, b);
      }
    }
  }
  return log;
}

template <class State>
State through_bytes(const State& state) {
  std::string bytes;
  wire::Writer writer(bytes);
  liveness::encode(writer, state);
  wire::Reader reader(bytes);
  State back;
  REQUIRE(liveness::decode(reader, back).ok());
  return back;
}

// Judges as a watchdog would, so that rows go through every status.
void judge(liveness::Fold& fold, liveness::Ms now, std::vector<std::string>& verdicts) {
  for (std::uint32_t row = 0; row < fold.row_end(); ++row) {
    if (!fold.in_use(row)) continue;
    for (auto d = fold.next_deadline(row); d.any && d.at <= now; d = fold.next_deadline(row)) {
      verdicts.push_back(fold.make_verdict(row, d, 0));
      wire::Event v;
      REQUIRE(wire::read_event(verdicts.back(), v).ok());
      fold.apply_verdict(v, 0, v.decided);
    }
  }
}

}  // namespace

TEST_CASE("a fold restored from a snapshot at any point goes on as the one that was never stopped", "[property]") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    INFO("seed " << seed);
    const auto log = random_log(seed, 300);
    const std::size_t cut = seed * 7 % 290;
    liveness::Fold straight, restored;
    std::vector<std::string> one, two;
    for (std::size_t i = 0; i < log.records().size(); ++i) {
      const auto& record = log.records()[i];
      REQUIRE(straight.apply_entry(record.view()).ok());
      if (i < cut) {
        judge(straight, liveness::to_ms(record.time), one);
        continue;
      }
      if (i == cut) {
        judge(straight, liveness::to_ms(record.time), one);
        one.clear();
        REQUIRE(restored.load_fleet(through_bytes(straight.export_fleet())).ok());
        for (std::uint32_t row = 0; row < straight.row_end(); ++row)
          if (straight.in_use(row)) REQUIRE(restored.load_row(through_bytes(straight.export_row(row))).ok());
        continue;
      }
      REQUIRE(restored.apply_entry(record.view()).ok());
      judge(straight, liveness::to_ms(record.time), one);
      judge(restored, liveness::to_ms(record.time), two);
    }
    CHECK(straight.size() == restored.size());
    for (std::uint32_t row = 0; row < straight.row_end(); ++row) {
      if (!straight.in_use(row)) continue;
      const auto other = restored.find(straight.agent_id(row));
      REQUIRE(other != liveness::no_row);
      CHECK(restored.export_row(other) == straight.export_row(row));
    }
    CHECK(restored.export_fleet() == straight.export_fleet());
    std::sort(one.begin(), one.end());
    std::sort(two.begin(), two.end());
    CHECK(one.size() == two.size());
  }
}

TEST_CASE("a fold fed each record twice is where it was after the first time", "[property]") {
  const auto log = random_log(99, 300);
  liveness::Fold once, twice;
  for (const auto& record : log.records()) {
    REQUIRE(once.apply_entry(record.view()).ok());
    REQUIRE(twice.apply_entry(record.view()).ok());
    REQUIRE(twice.apply_entry(record.view()).ok());
  }
  for (std::uint32_t row = 0; row < once.row_end(); ++row)
    if (once.in_use(row)) CHECK(twice.export_row(twice.find(once.agent_id(row))) == once.export_row(row));
}
