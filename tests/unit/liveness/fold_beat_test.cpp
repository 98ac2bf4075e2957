// Beats: which count, which keep an agent alive.
#include <catch2/catch.hpp>

#include "liveness/fold.h"
#include "unit/liveness/log_script.h"

using namespace lifesign;
using liveness::Fold;
using liveness::Outcome;
using liveness::Result;
using liveness::Status;
using liveness::Verdict;
using test::at;

namespace {

struct Table {
  Fold fold;
  std::uint64_t seq = 0;

  wire::Beat make(std::string_view id, std::uint64_t run = 0, std::uint64_t run_seq = 0) {
    wire::Beat b;
    b.agent_id = id;
    b.run = run;
    b.run_seq = run_seq;
    return b;
  }
  Outcome beat(double t, const wire::Beat& b) { return fold.apply_beat(b, ++seq, at(t), {1, ""}); }
  Outcome beat(double t, std::string_view id, std::uint64_t run = 0, std::uint64_t run_seq = 0) {
    return beat(t, make(id, run, run_seq));
  }
  Outcome goodbye(double t, std::string_view id, std::uint64_t run = 0) {
    wire::Goodbye g;
    g.agent_id = id;
    g.run = run;
    return fold.apply_goodbye(g, ++seq, at(t));
  }
  liveness::RowView view(std::string_view id) { return fold.view(fold.find(id)); }
  std::vector<Verdict> owed(std::string_view id) {
    std::vector<Verdict> out;
    for (const auto& o : fold.owed(fold.find(id))) out.push_back(o.type);
    return out;
  }
};

using Verdicts = std::vector<Verdict>;

}  // namespace

TEST_CASE("the first beat makes an agent active, registered and ready", "[liveness]") {
  Table t;
  const auto out = t.beat(1, "a", 7, 1);
  CHECK(out.result == Result::counted);
  CHECK(out.created);
  CHECK(out.sooner);
  CHECK(t.view("a").status == Status::active);
  CHECK(t.view("a").run == 7);
  CHECK(t.owed("a") == Verdicts{Verdict::registered, Verdict::ready});
  CHECK(t.fold.count(Status::active) == 1);
}

TEST_CASE("a beat with the same run and run_seq counts once", "[liveness]") {
  Table t;
  t.beat(1, "a", 7, 1);
  t.beat(2, "a", 7, 2);
  const auto out = t.beat(3, "a", 7, 1);
  CHECK(out.result == Result::repeat);
  CHECK_FALSE(liveness::counts(out.result));
  CHECK(t.view("a").last == at(2));
}

TEST_CASE("beats without run and run_seq count each time", "[liveness]") {
  Table t;
  t.beat(1, "a");
  CHECK(t.beat(1, "a").result == Result::counted);
  CHECK(t.owed("a") == Verdicts{Verdict::registered, Verdict::ready});
}

TEST_CASE("past eight ranges the oldest hole closes and its beats come too late", "[liveness]") {
  Table t;
  for (std::uint64_t n = 1; n <= 15; n += 2) CHECK(t.beat(1, "a", 7, n).result == Result::counted);
  CHECK(t.beat(2, "a", 7, 2).result == Result::counted);  // eight ranges: every hole is open
  CHECK(t.beat(2, "a", 7, 17).result == Result::counted);
  CHECK(t.beat(2, "a", 7, 19).result == Result::counted);
  CHECK(t.beat(3, "a", 7, 4).result == Result::too_late);
  CHECK(t.beat(3, "a", 7, 6).result == Result::counted);
}

TEST_CASE("a first beat amid a run leaves room for those before it", "[liveness]") {
  Table t;
  t.beat(1, "a", 7, 100);
  CHECK(t.beat(2, "a", 7, 99).result == Result::counted);
  CHECK(t.beat(2, "a", 7, 99).result == Result::repeat);
  CHECK(t.view("a").run_seq == 100);
}

TEST_CASE("run_seqs beyond 32 bits are told apart", "[liveness]") {
  Table t;
  const std::uint64_t big = 1ULL << 40;
  CHECK(t.beat(1, "a", 7, big).result == Result::counted);
  CHECK(t.beat(1, "a", 7, big + 1).result == Result::counted);
  CHECK(t.beat(1, "a", 7, big).result == Result::repeat);
  CHECK(t.beat(1, "a", 7, 1).result == Result::counted);
}

TEST_CASE("beats of the superseded run keep nothing alive and are told once", "[liveness]") {
  Table t;
  t.beat(1, "a", 7, 1);
  CHECK(t.beat(2, "a", 8, 1).result == Result::counted);
  const auto out = t.beat(3, "a", 7, 2);
  CHECK(out.result == Result::superseded);
  CHECK(liveness::counts(out.result));
  CHECK(t.view("a").last == at(2));
  CHECK(t.view("a").run == 8);
  t.beat(4, "a", 8, 2);
  t.beat(5, "a", 7, 3);
  CHECK(t.owed("a") == Verdicts{Verdict::registered, Verdict::ready, Verdict::ready, Verdict::duplicate});
}

TEST_CASE("in a crash loop a late beat of an early run is no new start", "[liveness]") {
  Table t;
  for (std::uint64_t run : {7, 8, 9}) t.beat(1, "a", run, 2);
  CHECK(t.beat(2, "a", 8, 3).result == Result::superseded);
  CHECK(t.beat(2, "a", 7, 2).result == Result::repeat);
  CHECK(t.beat(2, "a", 7, 1).result == Result::superseded);  // it was never seen
  CHECK(t.beat(2, "a", 7, 3).result == Result::superseded);
  CHECK(t.beat(2, "a", 7, 3).result == Result::repeat);
  CHECK(t.view("a").run == 9);
  CHECK(t.view("a").last == at(1));
  t.goodbye(3, "a", 7);
  CHECK(t.beat(3, "a", 7, 4).result == Result::after_goodbye);
  CHECK(t.view("a").status == Status::active);
  for (std::uint64_t run = 10; run < 16; ++run) t.beat(4, "a", run, 1);
  CHECK(t.beat(5, "a", 7, 5).result == Result::counted);  // eight runs later it is forgotten
}

TEST_CASE("of several runs with one id, whichever still beats is the agent when the latest falls silent",
          "[liveness]") {
  const std::uint64_t run = GENERATE(7, 8, 9);
  Table t;
  for (std::uint64_t r : {7, 8, 9, 10}) t.beat(1, "a", r, 5);
  liveness::Deadline miss = t.fold.next_deadline(t.fold.find("a"));
  REQUIRE(miss.type == Verdict::missed);
  const std::string map = t.fold.make_verdict(t.fold.find("a"), miss, t.seq);
  wire::Event verdict;
  REQUIRE(wire::read_event(map, verdict).ok());
  t.fold.apply_verdict(verdict, ++t.seq, at(40));
  CHECK(t.view("a").status == liveness::Status::late);
  CHECK(t.beat(41, "a", run, 6).result == Result::counted);
  CHECK(t.view("a").status == Status::active);
  CHECK(t.view("a").run == run);
  CHECK(t.beat(42, "a", run, 6).result == Result::resent);
  CHECK_FALSE(liveness::counts(t.beat(42, "a", run, 5).result));
  CHECK(t.beat(43, "a", 10, 6).result == Result::superseded);
  CHECK(t.beat(43, "a", 10, 5).result == Result::repeat);
}

TEST_CASE("an agent that sends its latest beat again, for want of an answer, is alive and counted once",
          "[liveness]") {
  Table t;
  t.beat(1, "a", 7, 1);
  t.beat(2, "a", 7, 2);
  const auto out = t.beat(50, "a", 7, 2);
  CHECK(out.result == Result::resent);
  CHECK_FALSE(liveness::counts(out.result));
  CHECK(t.view("a").last == at(50));
  CHECK(t.fold.next_deadline(t.fold.find("a")).at > liveness::to_ms(at(80)));
  t.goodbye(51, "a", 7);
  CHECK(t.beat(52, "a", 7, 2).result == Result::repeat);
  CHECK(t.view("a").status == Status::stopped);
}

TEST_CASE("an older run that lives on is the agent once the newer has said goodbye", "[liveness]") {
  Table t;
  t.beat(1, "a", 7, 1);
  t.beat(2, "a", 8, 1);
  t.goodbye(3, "a", 8);
  CHECK(t.beat(4, "a", 7, 2).result == Result::counted);
  CHECK(t.view("a").status == Status::active);
  CHECK(t.view("a").run == 7);
}

TEST_CASE("a beat of a closed run does not revive the agent", "[liveness]") {
  Table t;
  t.beat(1, "a", 7, 1);
  CHECK(t.goodbye(2, "a", 7).result == Result::counted);
  CHECK(t.view("a").status == Status::stopped);
  CHECK(t.beat(3, "a", 7, 2).result == Result::after_goodbye);  // sent before, arrived after
  CHECK(t.beat(3, "a", 7, 1).result == Result::repeat);         // a resend after goodbye
  CHECK(t.goodbye(3, "a", 7).result == Result::unchanged);
  CHECK(t.view("a").status == Status::stopped);
  CHECK(t.fold.count(Status::stopped) == 1);
}

TEST_CASE("a new run after a goodbye is ready again", "[liveness]") {
  Table t;
  t.beat(1, "a", 7, 1);
  t.goodbye(2, "a", 7);
  const auto out = t.beat(3, "a", 8, 1);
  CHECK(out.before == Status::stopped);
  CHECK(out.after == Status::active);
  CHECK(out.sooner);
  CHECK(t.owed("a") == Verdicts{Verdict::registered, Verdict::ready, Verdict::ready});
}

TEST_CASE("the goodbye of a superseded run stops nothing", "[liveness]") {
  Table t;
  t.beat(1, "a", 7, 1);
  t.beat(2, "a", 8, 1);
  t.goodbye(3, "a", 7);
  CHECK(t.view("a").status == Status::active);
  CHECK(t.beat(4, "a", 7, 2).result == Result::after_goodbye);
}

TEST_CASE("an agent without runs that was retired returns with its next beat", "[liveness]") {
  Table t;
  t.beat(1, "a");
  wire::Command c;
  c.type = wire::events::stopped;
  c.agent.agent_id = "a";
  t.fold.apply_command(c, ++t.seq, at(2));
  CHECK(t.view("a").status == Status::stopped);
  t.beat(3, "a");
  CHECK(t.view("a").status == Status::active);
  CHECK(t.owed("a").back() == Verdict::ready);
}

TEST_CASE("backfill counts once and never touches liveness", "[liveness]") {
  Table t;
  t.beat(100, "a", 7, 3);
  CHECK(t.fold.apply_backfill(t.make("a", 7, 1), ++t.seq, at(200)).result == Result::backfilled);
  CHECK(t.fold.apply_backfill(t.make("a", 7, 1), ++t.seq, at(201)).result == Result::repeat);
  CHECK(t.beat(202, "a", 7, 1).result == Result::repeat);
  CHECK(t.view("a").last == at(100));
  CHECK(t.fold.apply_backfill(t.make("b", 1, 1), ++t.seq, at(203)).result == Result::backfilled);
  CHECK(t.fold.find("b") == liveness::no_row);
}

TEST_CASE("a changed activity or task is told, an equal one is not", "[liveness]") {
  Table t;
  auto b = t.make("a");
  b.has_activity = true;
  b.activity = "busy";
  t.beat(1, b);
  CHECK(t.owed("a") == Verdicts{Verdict::registered, Verdict::ready});
  CHECK(t.beat(2, b).new_owed == 0);
  auto other = b;
  other.has_task = true;
  other.task = "t-1";
  CHECK(t.beat(3, other).new_owed == 1);
  CHECK(t.beat(4, b).new_owed == 0);  // a field left out leaves what was known
  CHECK(t.owed("a").back() == Verdict::status);
}

TEST_CASE("a shorter interval moves the deadline nearer, a longer one does not", "[liveness]") {
  Table t;
  auto b = t.make("a");
  b.interval_ms = 10'000;
  t.beat(1, b);
  CHECK_FALSE(t.beat(2, b).sooner);
  b.interval_ms = 60'000;
  CHECK_FALSE(t.beat(3, b).sooner);
  CHECK(t.view("a").grace_ms == 15'000);
  b.interval_ms = 1'000;
  CHECK(t.beat(4, b).sooner);
}

TEST_CASE("standing progress is stalled, moving progress resumes", "[liveness]") {
  Table t;
  auto r = test::registration("a");
  r.stall_after_ms = 60'000;
  t.fold.apply_registration(r, ++t.seq, at(0));
  auto b = t.make("a");
  b.has_progress = true;
  b.progress = 5;
  t.beat(10, b);
  t.beat(70, b);  // exactly the limit: not yet longer
  CHECK_FALSE(t.view("a").stalled);
  t.beat(71, b);
  CHECK(t.view("a").stalled);
  CHECK(t.owed("a").back() == Verdict::stalled);
  CHECK(t.beat(80, b).new_owed == 0);
  b.progress = 6;
  t.beat(90, b);
  CHECK_FALSE(t.view("a").stalled);
  CHECK(t.owed("a").back() == Verdict::resumed);
  b.busy_for_ms = 600'000;
  t.beat(200, b);
  CHECK_FALSE(t.view("a").stalled);  // a declared wait covers it
}

TEST_CASE("past the bound of agents a new one is counted and not tracked", "[liveness]") {
  Fold fold({.max_agents = 1});
  wire::Beat b;
  b.agent_id = "a";
  fold.apply_beat(b, 1, at(1));
  b.agent_id = "b";
  CHECK(fold.apply_beat(b, 2, at(1)).result == Result::table_full);
  CHECK(fold.counters().table_full == 1);
  CHECK(fold.size() == 1);
}

TEST_CASE("a forgotten agent leaves no trace and its row serves another", "[liveness]") {
  Table t;
  const auto row = t.beat(1, "a", 7, 1).row;
  wire::Command c;
  c.type = wire::events::forgotten;
  c.agent.agent_id = "a";
  CHECK(t.fold.apply_command(c, ++t.seq, at(2)).forgotten);
  CHECK(t.fold.find("a") == liveness::no_row);
  CHECK(t.fold.count(Status::active) == 0);
  CHECK(t.beat(3, "b").row == row);
  CHECK(t.owed("b") == Verdicts{Verdict::registered, Verdict::ready});
}

TEST_CASE("a registration alone makes an expected agent, repeated it says nothing", "[liveness]") {
  Table t;
  auto r = test::registration("a");
  r.name = "Worker";
  CHECK(t.fold.apply_registration(r, ++t.seq, at(1)).new_owed == 1);
  CHECK(t.view("a").status == Status::expected);
  CHECK(t.fold.apply_registration(r, ++t.seq, at(2)).result == Result::unchanged);
  r.name = "Other";
  CHECK(t.fold.apply_registration(r, ++t.seq, at(3)).new_owed == 1);
  t.beat(4, "a", 7, 1);
  CHECK(t.owed("a") == Verdicts{Verdict::registered, Verdict::registered, Verdict::ready});
}

TEST_CASE("a verdict with the key of an owed one settles it, once", "[liveness]") {
  Table t;
  const auto row = t.beat(1, "a", 7, 1).row;
  const std::string map = t.fold.make_verdict(row, t.fold.owed(row)[1], 1);
  wire::Event v;
  REQUIRE(wire::read_event(map, v).ok());
  CHECK(v.type == "agent.ready");
  CHECK(v.evidence_seq == 1);
  CHECK(t.fold.apply_verdict(v, ++t.seq, at(2)).result == Result::counted);
  CHECK(t.fold.apply_verdict(v, ++t.seq, at(2)).result == Result::unchanged);
  CHECK(t.owed("a") == Verdicts{Verdict::registered});
}
