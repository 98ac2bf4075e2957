// The recorder's and the watchdog's work for a batch of the log, without sockets and disk: messages of 1 and of 16
// beats, in fleets of ten thousand and of a million.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "recorder/state.h"
#include "watchdog/watchdog.h"
#include "wire/beat.h"
#include "wire/limits.h"
#include "wire/log.h"
#include "wire/writer.h"

namespace {

using namespace lifesign;

// Batches of about 64 KiB, as the broker cuts them: every agent beats in turn.
class Fleet {
 public:
  Fleet(std::size_t agents, std::size_t per_message) : per_message_(per_message) {
    for (std::size_t i = 0; i < agents; ++i) ids_.push_back(fmt::format("agent-{:07}", i));
  }

  std::size_t beats = 0;  // in the batch

  wire::BatchHeader next(std::string& payload) {
    payload.clear();
    wire::BatchHeader header;
    header.broker_run = 1;
    header.first_seq = seq_;
    for (beats = 0; payload.size() < wire::limits::batch_bytes; beats += per_message_) append_message(payload);
    header.next_seq = seq_;
    header.time = base::log_time(time_);
    return header;
  }

 private:
  void append_message(std::string& payload) {
    body_.clear();
    wire::Writer writer(body_);
    writer.array(per_message_);
    for (std::size_t i = 0; i < per_message_; ++i) {
      wire::Beat beat;
      beat.agent_id = ids_[agent_];
      beat.run = agent_ + 1;
      beat.run_seq = round_;
      wire::write_beat(writer, beat);
      if (++agent_ == ids_.size()) agent_ = 0, ++round_;
    }
    wire::Entry entry;
    entry.kind = wire::Kind::beats;
    entry.first_seq = seq_;
    entry.count = static_cast<std::uint32_t>(per_message_);
    entry.time = base::log_time(time_ += 10);
    entry.connection = 1;
    entry.body = body_;
    wire::append_entry(payload, entry);
    seq_ += per_message_;
  }

  std::size_t per_message_;
  std::vector<std::string> ids_;
  std::size_t agent_ = 0;
  std::uint64_t round_ = 1, seq_ = 1, time_ = 1'700'000'000'000'000;
  std::string body_;
};

void recorder_apply(benchmark::State& state) {
  Fleet fleet(static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1)));
  recorder::State recorder({}, [](std::string_view) { return std::optional<std::uint64_t>(); });
  std::string payload;
  std::int64_t beats = 0;
  for (std::int64_t n = 0; n < state.range(0); n += static_cast<std::int64_t>(fleet.beats))
    if (const auto header = fleet.next(payload); !recorder.apply(header, payload).ok()) return state.SkipWithError("refused");
  for (auto _ : state) {
    state.PauseTiming();
    const auto header = fleet.next(payload);
    state.ResumeTiming();
    auto work = recorder.apply(header, payload);
    if (!work.ok()) return state.SkipWithError("refused");
    benchmark::DoNotOptimize(work->entries.data());
    beats += static_cast<std::int64_t>(fleet.beats);
  }
  state.SetItemsProcessed(beats);
}
BENCHMARK(recorder_apply)->Args({10'000, 1})->Args({10'000, 16})->Args({1'000'000, 16});

void watchdog_apply(benchmark::State& state) {
  Fleet fleet(static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1)));
  watchdog::Watchdog watchdog({});
  std::string payload;
  std::int64_t beats = 0;
  const auto apply = [&] {
    wire::EntryList entries(payload);
    for (wire::Entry entry; entries.next(entry);)
      if (!watchdog.apply(entry).ok()) return false;
    return true;
  };
  for (std::int64_t n = 0; n < state.range(0); n += static_cast<std::int64_t>(fleet.beats)) {
    fleet.next(payload);
    if (!apply()) return state.SkipWithError("refused");
  }
  for (auto _ : state) {
    state.PauseTiming();
    fleet.next(payload);
    state.ResumeTiming();
    if (!apply()) return state.SkipWithError("refused");
    beats += static_cast<std::int64_t>(fleet.beats);
  }
  state.SetItemsProcessed(beats);
}
BENCHMARK(watchdog_apply)->Args({10'000, 1})->Args({10'000, 16})->Args({1'000'000, 16});

}  // namespace
