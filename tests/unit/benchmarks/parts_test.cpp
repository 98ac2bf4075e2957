// The load harness's pure parts: a harness that miscounts would speak well or ill of the system without cause.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <set>

#include "load/histogram.h"
#include "load/plan.h"
#include "load/silences.h"
#include "load/window.h"

using namespace lifesign;
using namespace lifesign::load;
using namespace std::chrono_literals;

TEST_CASE("a histogram's quantiles are those of the sorted list to three digits") {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> latency(7, 3);
  Histogram histogram;
  std::vector<std::uint64_t> sorted;
  for (int i = 0; i < 50'000; ++i) {
    const auto value = static_cast<std::uint64_t>(latency(random));
    histogram.record(value);
    sorted.push_back(value);
  }
  std::sort(sorted.begin(), sorted.end());
  CHECK(histogram.count() == sorted.size());
  CHECK(histogram.max() == sorted.back());
  for (const double fraction : {0.0, 0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
    const auto rank = std::max(1.0, std::ceil(fraction * static_cast<double>(sorted.size())));
    const std::uint64_t exact = sorted[static_cast<std::size_t>(rank) - 1];
    INFO(fraction << ": " << exact);
    CHECK(histogram.quantile(fraction) >= exact);
    CHECK(histogram.quantile(fraction) <= exact + exact / 1024 + 1);
  }
}

TEST_CASE("a histogram takes nothing, the smallest and the largest, and another histogram") {
  Histogram histogram;
  CHECK(histogram.quantile(0.5) == 0);
  histogram.record(0);
  CHECK(histogram.quantile(1) == 0);
  histogram.record(~0ull);
  CHECK(histogram.max() == ~0ull);
  CHECK(histogram.quantile(0.5) == 0);
  Histogram other;
  for (std::uint64_t i = 0; i < 2048; ++i) other.record(i);
  CHECK(other.quantile(0.5) == 1023);
  other.add(histogram);
  CHECK(other.count() == 2050);
  CHECK(other.max() == ~0ull);
}

TEST_CASE("every agent is in one group, of one connection, of at most a batch") {
  for (const auto& [agents, connections, batch] :
       {std::tuple{200u, 4u, 4u}, {1000u, 7u, 16u}, {5u, 5u, 1u}, {100u, 3u, 33u}}) {
    const Plan plan({.agents = agents, .connections = connections, .batch = batch});
    std::uint32_t next = 0;
    std::set<std::uint32_t> used;
    for (std::uint32_t g = 0; g < plan.groups().size(); ++g) {
      const Group& group = plan.groups()[g];
      CHECK(group.first_agent == next);
      CHECK((group.count >= 1 && group.count <= batch));
      CHECK((g >= plan.first_group(group.connection) && g < plan.first_group(group.connection + 1)));
      CHECK(plan.group_of(group.first_agent) == g);
      CHECK(plan.group_of(group.first_agent + group.count - 1) == g);
      used.insert(group.connection);
      next += group.count;
    }
    CHECK(next == agents);
    CHECK(used.size() == connections);
  }
}

TEST_CASE("a group's turns come one period apart, later by the jitter at most, and the same for the same seed") {
  const PlanOptions options{.agents = 400, .connections = 8, .batch = 4, .jitter = 7ms, .beats_per_s = 2000, .seed = 3};
  const Plan plan(options), again(options);
  std::vector<std::int64_t> first;
  bool moved = false;
  for (std::uint32_t g = 0; g < plan.groups().size(); ++g) {
    first.push_back((plan.due(g, 0)).count());
    for (std::uint64_t turn = 0; turn < 20; ++turn) {
      CHECK(plan.due(g, turn) == again.due(g, turn));
      const auto step = plan.due(g, turn + 1) - plan.due(g, turn);
      CHECK(step >= 200ms - 7ms - 1us);
      CHECK(step <= 200ms + 7ms + 1us);
      moved = moved || step != 200ms;
    }
  }
  CHECK(moved);
  std::sort(first.begin(), first.end());
  CHECK(first.front() <= 7'000);
  CHECK(first.back() < 200'000 + 7'000);
}

TEST_CASE("without jitter the messages of all groups are evenly spaced over the period") {
  const Plan plan({.agents = 400, .connections = 8, .batch = 5, .beats_per_s = 2000});
  std::vector<std::int64_t> due;
  for (std::uint32_t g = 0; g < plan.groups().size(); ++g) due.push_back(plan.due(g, 0).count());
  std::sort(due.begin(), due.end());
  for (std::size_t i = 0; i < due.size(); ++i)
    CHECK(std::abs(static_cast<double>(due[i]) - static_cast<double>(i) * 2500) <= 1.0);
}

TEST_CASE("the dying share is silent once in each cycle, long enough, after the warm-up, and back before the end") {
  const PlanOptions options{.agents = 1000,
                            .connections = 10,
                            .batch = 4,
                            .interval = 100ms,
                            .die = 0.2,
                            .warmup = 500ms,
                            .duration = 2s,
                            .seed = 11};
  const Plan plan(options);
  std::uint64_t deaths = 0, dying = 0;
  for (std::uint32_t g = 0; g < plan.groups().size(); ++g) {
    base::Micros silent{0};
    std::uint64_t times = 0;
    bool before = false;
    for (base::Micros t{0}; t <= 2500ms; t += 1ms) {
      const bool now = plan.silent_at(g, t);
      if (now && !before) ++times;
      if (now) silent += 1ms;
      before = now;
    }
    CHECK(!before);
    CHECK((times > 0) == plan.dies(g));
    CHECK(!plan.silent_at(g, 499ms));
    if (!plan.dies(g)) continue;
    ++dying;
    CHECK(times == 2);
    CHECK(silent >= 2 * 400ms - 2ms);
    deaths += times * plan.groups()[g].count;
  }
  CHECK(dying == std::llround(0.2 * static_cast<double>(plan.groups().size())));
  CHECK(deaths == plan.deaths());
  const Plan again(options);
  for (std::uint32_t g = 0; g < plan.groups().size(); ++g) CHECK(plan.dies(g) == again.dies(g));
}

TEST_CASE("a timeout is true only while its group was silent for longer than it promised") {
  Silences silences(3, 100ms);
  for (base::Micros t = 0ms; t <= 300ms; t += 50ms) silences.sent(0, t);
  silences.sent(0, 700ms);
  silences.sent(0, 750ms);
  for (base::Micros t = 0ms; t <= 800ms; t += 50ms) silences.sent(1, t);
  CHECK(silences.cover(0, 500ms));   // it fell silent at 300 and came back at 700
  CHECK(!silences.cover(0, 250ms));  // before
  CHECK(!silences.cover(0, 350ms));  // the promise still held
  CHECK(!silences.cover(0, 720ms));  // back
  CHECK(silences.cover(0, 900ms));   // the load has ended
  CHECK(!silences.cover(1, 500ms));  // it beat in time all along
  CHECK(silences.cover(2, 500ms));   // it never beat
}

TEST_CASE("silences past the bound are said to be lost") {
  Silences silences(1, 1ms, 2);
  for (base::Micros t = 0ms; t <= 20ms; t += 10ms) silences.sent(0, t);
  CHECK(!silences.full());
  silences.sent(0, 30ms);
  CHECK(silences.full());
}

TEST_CASE("a window is full until the oldest answer is there, whatever else was answered") {
  Window window(2);
  CHECK(window.empty());
  window.sent(5us, 16);
  window.sent(6us, 3);
  CHECK(window.full());
  CHECK(window.answered(2)->beats == 3);
  CHECK(window.full());
  CHECK(window.answered(1)->due == 5us);
  CHECK(!window.full());
  CHECK(window.empty());
  CHECK(!window.answered(1));
  CHECK(!window.answered(77));
  CHECK(!window.answered(0));
}

TEST_CASE("one answer speaks for the messages before it that asked for none, and what is old is given up") {
  Window window(4);
  for (int i = 1; i <= 4; ++i) window.sent(base::Micros(i), 1);
  window.answered_up_to(3);
  CHECK(!window.empty());
  CHECK(window.next() == 5);
  window.sent(9us, 1);
  CHECK(window.give_up(5us) == 1);
  CHECK(window.answered(5)->due == 9us);
  CHECK(window.empty());
}
