// A random life of a small fleet with all that a log may hold: several runs under one id, resends, goodbyes, commands,
// new settings, schedules, blind spans, closed connections. Whatever the order, recorder and watchdog agree, a snapshot
// of any age leads to the same rows, and nobody is told dead unwatched who would not be told dead watched.
#include <array>
#include <map>
#include <random>
#include <set>

#include "unit/watchdog/rig.h"

using namespace lifesign;
using test::Rig;

namespace {

constexpr std::array<const char*, 4> ids{"a", "b", "c", "d"};

struct Options {
  bool many_runs = true;
  bool new_settings = true;
  bool forget = true;
};

// Writes one life; `after(t, tick)` is called behind each record.
template <class After>
void live(test::LogScript& log, unsigned seed, const Options& options, After after) {
  std::mt19937 random(seed);
  const auto pick = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  struct Agent {
    std::uint64_t run = 1;
    std::map<std::uint64_t, std::uint64_t> sent;  // by run
    double quiet_until = 0;
  };
  std::array<Agent, ids.size()> agents;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    auto reg = test::registration(ids[i]);
    reg.interval_ms = 1000 + pick(3000);
    reg.missed_limit = 1 + pick(4);
    if (pick(3) == 0) reg.grace_ms = pick(6000);
    if (i == 3) reg.schedule = "* * * * *";
    log.registration(0, reg);
  }
  double t = 0.1, ticked = 0.1;
  for (int step = 0; step < 1500; ++step, t += 0.1) {
    if (step % 10 == 0) {
      log.sequenced_tick(ticked = t);
      after(t, true);
      continue;
    }
    const unsigned k = pick(4);
    Agent& agent = agents[k];
    if ((k == 3 && pick(60) != 0) || t < agent.quiet_until) continue;
    const unsigned what = pick(100);
    if (what < 70) {
      wire::Beat beat;
      beat.agent_id = ids[k];
      beat.run = options.many_runs && pick(8) == 0 ? 1 + pick(10) : agent.run;
      std::uint64_t& sent = agent.sent[beat.run];
      if (sent == 0 || pick(9) != 0) ++sent;  // else its latest once more
      beat.run_seq = sent;
      if (pick(8) == 0) beat.busy_for_ms = pick(9000);
      log.beat(t, beat);
    } else if (what < 76) {
      agent.quiet_until = t + pick(15);
      continue;
    } else if (what < 80) {
      agent.run = options.many_runs ? 1 + pick(12) : agent.run + 1;
      continue;
    } else if (what < 83) {
      log.goodbye(t, ids[k], agent.run);
      if (!options.many_runs) ++agent.run;
    } else if (what < 86) {
      log.command(t, "agent.expected", ids[k]);
    } else if (what < 88) {
      log.command(t, "agent.stopped", ids[k]);
      if (!options.many_runs) ++agent.run;
    } else if (what < 92) {
      log.blind(t, ticked + 0.001, t - 0.01);
    } else if (what < 93) {
      if (!options.forget) continue;
      log.command(t, "agent.forgotten", ids[k]);
    } else if (what < 95) {
      log.closed(t, 1);
    } else if (options.new_settings) {
      auto reg = test::registration(ids[k]);
      reg.interval_ms = 500 + pick(5000);
      reg.missed_limit = 1 + pick(4);
      log.registration(t, reg);
    } else {
      continue;
    }
    after(t, false);
  }
  log.sequenced_tick(t);
  after(t, true);
}

std::string outage(const test::Told& told) {
  return std::string(told.event.agent_id) + " " + std::to_string(told.decided());
}

}  // namespace

TEST_CASE("recorder and watchdog never part, however late verdicts come back", "[watchdog][property]") {
  for (unsigned seed = 1; seed <= 100; ++seed) {
    INFO("seed " << seed);
    Rig r;
    std::mt19937 random(seed);
    std::vector<std::pair<double, std::string>> flying;
    double now = 0;
    live(r.log, seed, {.new_settings = seed % 2 == 0}, [&](double t, bool tick) {
      now = t;
      if (tick) {
        r.play();
        for (const auto& told : r.sent()) flying.emplace_back(t + static_cast<double>(random() % 12) / 10, told.map);
      }
      std::erase_if(flying, [&](const auto& f) {
        if (f.first > t) return false;
        r.log.verdict(t, f.second);
        return true;
      });
    });
    for (const auto& f : flying) r.log.verdict(now, f.second);
    r.log.sequenced_tick(now + 0.1);
    r.settle(now + 0.2);
    for (const char* id : ids) {
      const auto row = r.recorder.find(id);
      const auto watched = r.dog->fold().find(id);
      REQUIRE((row == liveness::no_row) == (watched == liveness::no_row));
      if (row != liveness::no_row) CHECK(r.recorder.export_row(row) == r.dog->fold().export_row(watched));
    }
  }
}

TEST_CASE("rows of any age and the log after them give the state of a straight replay", "[watchdog][property]") {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    Rig r;
    std::mt19937 random(seed);
    live(r.log, seed, {}, [&](double t, bool tick) {
      if (!tick) return;
      if (random() % 4 != 0) r.settle(t);
      if (random() % 20 == 0) r.restart_dog();
    });
    r.play();
    const auto& records = r.log.records();
    liveness::Fold earlier, again;
    std::size_t read = 0;
    const auto read_to = [&](std::size_t end) {
      for (; read < std::min(end, records.size()); ++read) REQUIRE(earlier.apply_entry(records[read].view()).ok());
    };
    std::size_t end = random() % records.size();
    read_to(end);
    REQUIRE(again.load_fleet(Rig::through_bytes(earlier.export_fleet())).ok());
    for (const char* id : ids) {
      read_to(end += random() % 100);
      if (const auto row = earlier.find(id); row != liveness::no_row)
        REQUIRE(again.load_row(Rig::through_bytes(earlier.export_row(row))).ok());
    }
    for (const auto& record : records) REQUIRE(again.apply_entry(record.view()).ok());
    for (const char* id : ids) {
      INFO("seed " << seed << ", agent " << id);
      const auto straight = r.recorder.find(id), loaded = again.find(id);
      REQUIRE((straight == liveness::no_row) == (loaded == liveness::no_row));
      if (straight != liveness::no_row) CHECK(r.recorder.export_row(straight) == again.export_row(loaded));
    }
    CHECK(r.recorder.export_fleet().blind == again.export_fleet().blind);
    CHECK(r.recorder.export_fleet().closed == again.export_fleet().closed);
    CHECK(r.recorder.export_fleet().ticked == again.export_fleet().ticked);
  }
}

TEST_CASE("nobody is told dead unwatched who would not be told dead by a watchdog", "[watchdog][property]") {
  std::size_t outages = 0;
  for (unsigned seed = 1; seed <= 100; ++seed) {
    INFO("seed " << seed);
    // More time granted amid a silence moves the moment at which it is told.
    const Options options{.many_runs = false, .new_settings = false, .forget = false};
    std::set<std::string> watched;
    Rig r;
    live(r.log, seed, options, [&](double t, bool tick) {
      if (!tick) return;
      for (const auto& told : r.settle(t))
        if (told.type() == "agent.timeout") watched.insert(outage(told));
    });
    // The same, and what is owed is told as soon as it is, without a watchdog.
    Rig alone;
    live(alone.log, seed, options, [&](double t, bool) {
      alone.play_recorder();
      for (const char* id : ids) {
        const auto row = alone.recorder.find(id);
        if (row == liveness::no_row) continue;
        std::vector<test::Told> owed;
        for (const auto& o : alone.recorder.owed(row))
          owed.emplace_back(alone.recorder.make_verdict(row, o, alone.recorder.applied()));
        for (const auto& told : owed) {
          if (told.type() == "agent.timeout") {
            CHECK(watched.contains(outage(told)));
            ++outages;
          }
          alone.log.verdict(t, told.map);
        }
      }
      alone.play_recorder();
    });
  }
  CHECK(outages > 100);
}
