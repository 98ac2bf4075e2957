// The timing wheel against a sorted list, with seeded random work.
#include "liveness/timing_wheel.h"

#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <vector>

using lifesign::liveness::Ms;
using lifesign::liveness::TimingWheel;

namespace {

constexpr Ms horizon = 11 * 24 * 3'600'000LL;  // within it a filed time is exact

Ms some_delay(std::mt19937_64& random) {
  const int scale = static_cast<int>(random() % 30);
  return static_cast<Ms>(random() % (1ULL << scale));
}

}  // namespace

TEST_CASE("the wheel fires what a sorted list fires, in order, never early and never late", "[property]") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    const Ms start = static_cast<Ms>(random() % (1ULL << 42));
    TimingWheel wheel(start);
    std::map<std::uint32_t, Ms> model;  // row -> when it fires
    Ms now = start;
    for (int step = 0; step < 3'000; ++step) {
      const auto row = static_cast<std::uint32_t>(random() % 200);
      switch (random() % 8) {
        case 0:
        case 1:
        case 2:
        case 3: {
          const Ms at = std::min(now + some_delay(random), now + horizon);
          wheel.arm(row, at);
          const Ms filed = std::max(at, now + 1);
          const auto [it, added] = model.try_emplace(row, filed);
          if (!added && at < it->second) it->second = filed;  // a later deadline leaves it where it is
          break;
        }
        case 4:
          wheel.cancel(row);
          model.erase(row);
          break;
        default: {
          now += some_delay(random);
          Ms before = start;
          std::vector<std::uint32_t> fired;
          wheel.advance(now, [&](std::uint32_t r) {
            fired.push_back(r);
            REQUIRE(model.contains(r));
            CHECK(model[r] <= now);
            CHECK(model[r] == wheel.now());
            CHECK(wheel.now() >= before);
            before = wheel.now();
            model.erase(r);
          });
          for (const auto& [r, at] : model) CHECK(at > now);
        }
      }
      CHECK(wheel.size() == model.size());
      CHECK(wheel.armed(row) == model.contains(row));
      CHECK(wheel.now() == now);
    }
  }
}

TEST_CASE("what fires may arm itself and others, and is fired within the same advance when due", "[property]") {
  TimingWheel wheel(1000);
  wheel.arm(1, 1001);
  std::vector<Ms> times;
  wheel.advance(2000, [&](std::uint32_t row) {
    times.push_back(wheel.now());
    if (row == 1) wheel.arm(1, wheel.now() + 100);
  });
  REQUIRE(times.size() == 10);
  CHECK(times.front() == 1001);
  CHECK(times.back() == 1901);
  CHECK(wheel.size() == 1);
}

TEST_CASE("a deadline past the horizon fires at the horizon, to be filed again", "[property]") {
  TimingWheel wheel(0);
  const Ms year = 366LL * 24 * 3'600'000;
  wheel.arm(7, year);
  int looks = 0;
  wheel.advance(year, [&](std::uint32_t row) {
    ++looks;
    if (wheel.now() < year) wheel.arm(row, year);
  });
  CHECK(looks > 1);
  CHECK(looks < 60);
  CHECK(wheel.size() == 0);
}
