// Once-only counting against a set of all that was seen.
#include "liveness/runs.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>
#include <set>

#include "liveness/fold.h"

using namespace lifesign;
using liveness::Seen;
using liveness::SeenRanges;

TEST_CASE("ranges tell fresh from repeat as a set does, until a hole is closed", "[property]") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    SeenRanges ranges;
    std::set<std::uint64_t> model;
    std::uint64_t top = 0;
    for (int step = 0; step < 400; ++step) {
      // Mostly the next one; sometimes a leap, sometimes an old one.
      const auto dice = random() % 10;
      std::uint64_t n = dice < 6 ? top + 1 : dice < 8 ? top + 1 + random() % 5 : 1 + random() % (top + 1);
      top = std::max(top, n);
      const bool known = model.contains(n);
      const std::uint64_t closed_to = ranges.closed_to();  // the add itself may close more
      switch (ranges.add(n)) {
        case Seen::fresh:
          CHECK_FALSE(known);
          CHECK(n > closed_to);
          break;
        case Seen::repeat:
          CHECK(known);
          break;
        case Seen::too_late:
          CHECK(n <= ranges.closed_to());
          break;
      }
      model.insert(n);
      CHECK(ranges.ranges().size() <= liveness::ranges_per_run);
    }
    std::uint64_t before = 0;
    for (const auto& r : ranges.ranges()) {
      CHECK(r.first <= r.last);
      CHECK((before == 0 || r.first > before + 1));
      before = r.last;
    }
  }
}

TEST_CASE("a fold counts each beat of a run once, however it is resent", "[property]") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    liveness::Fold fold;
    std::set<std::uint64_t> model;
    std::uint64_t counted = 0, seq = 0;
    for (std::uint64_t n = 1; n <= 300; ++n) {
      wire::Beat beat;
      beat.agent_id = "a";
      beat.run = 1ULL << 60;
      for (std::uint64_t again = 0; again <= random() % 3; ++again) {
        beat.run_seq = n - std::min<std::uint64_t>(n - 1, random() % 6);  // at most five behind: holes stay open
        model.insert(beat.run_seq);
        ++seq;
        const auto out = fold.apply_beat(beat, seq, base::log_time(1'700'000'000'000'000 + seq));
        if (liveness::counts(out.result)) ++counted;
      }
    }
    CHECK(counted == model.size());
  }
}
