// What the broker and the folds do with the bytes of each beat.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "wire/beat.h"

namespace {

using namespace lifesign;

std::string body(std::size_t beats, bool rich) {
  std::string out;
  wire::Writer writer(out);
  writer.array(beats);
  for (std::size_t i = 0; i < beats; ++i) {
    const std::string id = fmt::format("agent-{:07}", i);
    wire::Beat b;
    b.agent_id = id;
    b.run = 0x1234567890abcdef;
    b.run_seq = 1000 + i;
    if (rich) {
      b.interval_ms = 10'000;
      b.sent_at = 1'700'000'000'000'000;
      b.has_activity = b.has_task = b.has_progress = true;
      b.activity = "busy";
      b.task = "job-42";
      b.progress = i;
    }
    wire::write_beat(writer, b);
  }
  return out;
}

void read_beats(benchmark::State& state) {
  const std::string bytes = body(static_cast<std::size_t>(state.range(0)), state.range(1) != 0);
  for (auto _ : state) {
    wire::BeatList list(bytes);
    wire::Beat beat;
    while (list.next(beat)) benchmark::DoNotOptimize(beat.run_seq);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * bytes.size()));
}
BENCHMARK(read_beats)->ArgNames({"beats", "rich"})->Args({1, 0})->Args({64, 0})->Args({64, 1})->Args({4096, 0});

void check_beats(benchmark::State& state) {
  const std::string bytes = body(static_cast<std::size_t>(state.range(0)), state.range(1) != 0);
  for (auto _ : state) benchmark::DoNotOptimize(wire::check_beats(bytes, false).ok());
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}
BENCHMARK(check_beats)->ArgNames({"beats", "rich"})->Args({1, 0})->Args({64, 0})->Args({64, 1})->Args({4096, 0});

}  // namespace
