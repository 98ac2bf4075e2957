// The timing wheel: a beat that leaves its entry where it is, an entry that moves, and time going by.
#include <benchmark/benchmark.h>

#include <random>

#include "liveness/timing_wheel.h"

namespace {

using lifesign::liveness::Ms;
using lifesign::liveness::TimingWheel;

TimingWheel filled(std::uint32_t rows) {
  TimingWheel wheel(0);
  std::mt19937 random(1);
  for (std::uint32_t row = 0; row < rows; ++row) wheel.arm(row, 1 + static_cast<Ms>(random() % 60'000));
  return wheel;
}

void wheel_arm_later(benchmark::State& state) {
  const auto rows = static_cast<std::uint32_t>(state.range(0));
  TimingWheel wheel = filled(rows);
  std::uint32_t row = 0;
  for (auto _ : state) {
    wheel.arm(row, 100'000);
    row = (row + 7919) % rows;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(wheel_arm_later)->Arg(1000)->Arg(1'000'000);

void wheel_cancel_and_arm(benchmark::State& state) {
  const auto rows = static_cast<std::uint32_t>(state.range(0));
  TimingWheel wheel = filled(rows);
  std::uint32_t row = 0;
  for (auto _ : state) {
    wheel.cancel(row);
    wheel.arm(row, 30'000 + row % 1000);
    row = (row + 7919) % rows;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(wheel_cancel_and_arm)->Arg(1000)->Arg(1'000'000);

// Five milliseconds go by; each row that fires is filed 60 s later. Per row and minute this is the whole cost.
void wheel_advance(benchmark::State& state) {
  TimingWheel wheel = filled(static_cast<std::uint32_t>(state.range(0)));
  Ms now = 0;
  std::int64_t fired = 0;
  for (auto _ : state) {
    now += 5;
    wheel.advance(now, [&](std::uint32_t row) {
      wheel.arm(row, now + 60'000);
      ++fired;
    });
  }
  state.counters["fired_per_tick"] = benchmark::Counter(static_cast<double>(fired), benchmark::Counter::kAvgIterations);
}
BENCHMARK(wheel_advance)->Arg(1000)->Arg(1'000'000);

}  // namespace
