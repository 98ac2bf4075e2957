// When a silence becomes a miss or a timeout.
#include <catch2/catch.hpp>

#include "liveness/fold.h"
#include "unit/liveness/log_script.h"

using namespace lifesign;
using liveness::Deadline;
using liveness::Fold;
using liveness::Verdict;
using test::at;
using test::ms;

namespace {

struct Agent {
  Fold fold;
  std::uint64_t seq = 0;
  std::uint32_t row = 0;

  explicit Agent(const wire::Registration& r) { row = fold.apply_registration(r, ++seq, at(0)).row; }
  Agent& beat(double t, std::uint64_t busy_for_ms = 0) {
    wire::Beat b;
    b.agent_id = "a";
    b.busy_for_ms = busy_for_ms;
    fold.apply_beat(b, ++seq, at(t));
    return *this;
  }
  Agent& blind(double from, double to) {
    test::LogScript log(++seq);
    log.blind(to, from, to);
    REQUIRE(fold.apply_entry(log.last().view()).ok());
    return *this;
  }
  void apply(const Deadline& d) {
    const std::string map = fold.make_verdict(row, d, seq);
    wire::Event v;
    REQUIRE(wire::read_event(map, v).ok());
    fold.apply_verdict(v, ++seq, v.decided);
  }
  // Every miss and the timeout, in seconds, as if nothing came any more.
  std::vector<double> times() {
    std::vector<double> out;
    for (auto d = fold.next_deadline(row); d.any; d = fold.next_deadline(row)) {
      out.push_back(static_cast<double>(d.at - ms(0)) / 1000.0);
      apply(d);
    }
    return out;
  }
};

wire::Registration with(std::uint64_t interval, std::optional<std::uint64_t> grace, std::uint64_t limit) {
  auto r = test::registration("a");
  r.interval_ms = interval;
  r.grace_ms = grace;
  r.missed_limit = limit;
  return r;
}

using Times = std::vector<double>;

}  // namespace

TEST_CASE("by default a miss falls at 37.5 s and the timeout at 60 s", "[liveness]") {
  CHECK(Agent(test::registration("a")).beat(0).times() == Times{37.5, 60});
}

TEST_CASE("with a limit of one there is only the timeout, after interval and grace", "[liveness]") {
  CHECK(Agent(with(10'000, 2'000, 1)).beat(0).times() == Times{12});
}

TEST_CASE("with a limit of three two misses come before the timeout", "[liveness]") {
  CHECK(Agent(with(10'000, 2'000, 3)).beat(0).times() == Times{12, 22, 30});
}

TEST_CASE("misses that would fall at or after the timeout are not told", "[liveness]") {
  CHECK(Agent(with(10'000, 15'000, 2)).beat(0).times() == Times{25});
  CHECK(Agent(with(10'000, 15'000, 3)).beat(0).times() == Times{25, 30});
  CHECK(Agent(with(10'000, 10'000, 2)).beat(0).times() == Times{20});
}

TEST_CASE("an expected agent has the timeout rule from when it was expected, and no misses", "[liveness]") {
  Agent a(with(10'000, 2'000, 3));
  CHECK(a.times() == Times{30});
  CHECK(a.fold.view(a.row).cause == liveness::Cause::never_seen);
}

TEST_CASE("times are floored to the millisecond", "[liveness]") {
  Agent a(with(10'000, 0, 1));
  a.beat(0.0019);
  CHECK(a.fold.next_deadline(a.row).at == ms(10) + 1);
}

TEST_CASE("a declared wait moves the deadline, and the next beat without one clears it", "[liveness]") {
  Agent a(with(10'000, 2'000, 2));
  a.beat(0, 100'000);
  CHECK(a.fold.next_deadline(a.row).at == ms(102));  // as if it had beaten at 90 s
  a.beat(5);
  CHECK(a.fold.next_deadline(a.row).at == ms(17));
}

TEST_CASE("a wait shorter than the interval changes nothing", "[liveness]") {
  Agent a(with(10'000, 2'000, 2));
  a.beat(0, 3'000);
  CHECK(a.fold.next_deadline(a.row).at == ms(12));
}

TEST_CASE("after a blind span an agent has a whole interval and grace to be heard", "[liveness]") {
  Agent a(test::registration("a"));
  a.beat(0).blind(20, 40);
  CHECK(a.times() == Times{77.5, 80});
}

TEST_CASE("a blind span before the last beat or after the deadline changes nothing", "[liveness]") {
  CHECK(Agent(test::registration("a")).blind(5, 9).beat(10).times() == Times{47.5, 70});
  CHECK(Agent(test::registration("a")).beat(0).blind(60, 90).times() == Times{37.5, 60});
}

TEST_CASE("a long blind span counts as no silence at all", "[liveness]") {
  Agent a(test::registration("a"));
  a.beat(0).blind(10, 3610);
  CHECK(a.times() == Times{3647.5, 3660});
  CHECK(a.fold.view(a.row).cause == liveness::Cause::silent);
}

TEST_CASE("past eight blind spans in one silence only listened time counts, and it ends as unobserved", "[liveness]") {
  Agent a(test::registration("a"));
  a.beat(0);
  for (int i = 0; i < 40; ++i) a.blind(10 + 10 * i, 19 + 10 * i);  // nine of ten seconds blind
  const auto d = a.fold.next_deadline(a.row);
  CHECK(d.any);
  while (a.fold.next_deadline(a.row).any) a.apply(a.fold.next_deadline(a.row));
  const auto view = a.fold.view(a.row);
  CHECK(view.status == liveness::Status::offline);
  CHECK(view.cause == liveness::Cause::unobserved);
  CHECK(view.offline_since > at(60));
  CHECK(view.offline_since < at(620));
}

TEST_CASE("blind_ms tells how much of the silence was ours", "[liveness]") {
  Agent a(with(10'000, 2'000, 1));
  a.beat(0).blind(5, 8);
  const std::string map = a.fold.make_verdict(a.row, a.fold.next_deadline(a.row), a.seq);
  std::uint64_t blind = 0, deadline = 0;
  CHECK(wire::find_u64(map, "blind_ms", blind));
  CHECK(wire::find_u64(map, "deadline", deadline));
  CHECK(blind == 3'000);
  CHECK(deadline == base::to_wire(at(20)));
}

TEST_CASE("a schedule is judged at its fires, and a beat slightly early counts for the coming one", "[liveness]") {
  auto r = test::registration("a");
  r.schedule = "*/10 * * * *";  // test time 0 is 22:13:20 UTC: fires at 400, 1000, 1600 s
  r.grace_ms = 30'000;
  Agent a(r);
  CHECK(Agent(r).beat(1).times() == Times{430, 1000});
  CHECK(Agent(r).beat(380).times() == Times{1030, 1600});
  CHECK(Agent(r).beat(1).blind(390, 395).times() == Times{1030, 1600});  // the fire at 400 is excused
}

TEST_CASE("a schedule that can't be used is counted and the interval stays", "[liveness]") {
  auto r = test::registration("a");
  r.schedule = "61 * * * *";
  Agent a(r);
  CHECK(a.fold.counters().bad_schedules == 1);
  CHECK(a.beat(0).times() == Times{37.5, 60});
}
