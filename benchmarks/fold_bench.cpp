// The fold: one beat of a known agent, in a table of a thousand and of a million.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "liveness/fold.h"

namespace {

using namespace lifesign;

void fold_apply_beat(benchmark::State& state) {
  const auto agents = static_cast<std::size_t>(state.range(0));
  liveness::Fold fold;
  std::vector<std::string> ids;
  std::uint64_t seq = 0;
  for (std::size_t i = 0; i < agents; ++i) ids.push_back(fmt::format("agent-{:07}", i));
  std::uint64_t round = 0;
  std::size_t i = 0;
  const auto beat_of = [&](std::size_t agent) {
    wire::Beat b;
    b.agent_id = ids[agent];
    b.run = agent + 1;
    b.run_seq = round + 1;
    return b;
  };
  for (std::size_t agent = 0; agent < agents; ++agent) {
    ++seq;
    const auto row = fold.apply_beat(beat_of(agent), seq, base::log_time(seq)).row;
    while (!fold.owed(row).empty()) {  // what a first beat makes due is told and recorded, as it is in real life
      const std::string map = fold.make_verdict(row, fold.owed(row)[0], seq);
      wire::Event verdict;
      if (!wire::read_event(map, verdict).ok()) return state.SkipWithError("a verdict can't be read");
      fold.apply_verdict(verdict, seq, base::log_time(seq));
    }
  }
  round = 1;
  for (auto _ : state) {
    ++seq;
    const auto out = fold.apply_beat(beat_of(i), seq, base::log_time(seq));
    benchmark::DoNotOptimize(out.result);
    i += 7919;  // a prime stride: no help from neighbours in the cache
    if (i >= agents) {
      i -= agents;
      if (i < 7919) ++round;
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK(fold_apply_beat)->Arg(10'000)->Arg(1'000'000);

}  // namespace
