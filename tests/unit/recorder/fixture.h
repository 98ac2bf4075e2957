// A log written by hand, a folder that goes away, and a store to put the one into the other.
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "recorder/commit_store.h"
#include "recorder/environment_store.h"
#include "recorder/key_store.h"
#include "recorder/recovery.h"
#include "recorder/state.h"
#include "tests/support/temp_dir.h"
#include "wire/beat.h"
#include "wire/event.h"
#include "wire/log.h"
#include "wire/registration.h"

namespace lifesign::recorder::test {

using tests::TempDir;

inline constexpr std::uint64_t second = 1'000'000;
inline constexpr std::uint64_t start_time = 1'700'000'000ull * second;

struct TestBatch {
  wire::BatchHeader header;
  std::string payload;
};

// Writes entries with seqs and times that follow one another; cut() makes a batch of what came since the last one.
class LogScript {
 public:
  explicit LogScript(std::uint64_t run = 1, std::uint64_t first_seq = 1)
      : run_(run), next_(first_seq), first_(first_seq) {}

  std::uint64_t time = start_time;
  std::uint64_t next_seq() const { return next_; }
  void new_run(std::uint64_t run, std::uint64_t first_seq) {
    run_ = run;
    next_ = first_ = first_seq;
  }
  void skip_to(std::uint64_t seq) { next_ = first_ = seq; }

  std::uint64_t beats(const std::vector<wire::Beat>& beats, wire::Kind kind = wire::Kind::beats) {
    std::string body;
    wire::Writer writer(body);
    writer.array(beats.size());
    for (const auto& beat : beats) wire::write_beat(writer, beat);
    return entry(kind, beats.size(), body);
  }
  std::uint64_t beat(std::string_view agent, std::uint64_t run = 0, std::uint64_t run_seq = 0) {
    wire::Beat b;
    b.agent_id = agent;
    b.run = run;
    b.run_seq = run_seq;
    return beats({b});
  }
  std::uint64_t registration(const wire::Registration& r) {
    std::string body;
    wire::Writer writer(body);
    writer.array(1);
    wire::write_registration(writer, r);
    return entry(wire::Kind::registration, 1, body);
  }
  std::uint64_t goodbye(std::string_view agent, std::uint64_t run = 0) {
    std::string body;
    wire::Writer writer(body);
    writer.array(1);
    wire::write_goodbye(writer, {agent, run, "done"});
    return entry(wire::Kind::goodbye, 1, body);
  }
  std::uint64_t command(std::string_view type, std::string_view agent) {
    std::string body;
    wire::Writer writer(body);
    writer.array(1);
    wire::Command c;
    c.type = type;
    c.by = "tester";
    c.agent.agent_id = agent;
    wire::write_command(writer, c);
    return entry(wire::Kind::command, 1, body);
  }
  std::uint64_t verdict(std::string_view type, std::string_view agent, std::uint64_t evidence, std::uint64_t ordinal,
                        std::uint64_t decided) {
    std::string body;
    wire::Writer writer(body);
    writer.array(1).map(7).field("type", type).field("agent_id", agent).field("evidence_seq", evidence);
    writer.field("ordinal", ordinal).field("as_of", next_ - 1).field("decided", decided).field("cause", "silent");
    return entry(wire::Kind::verdicts, 1, body);
  }
  std::uint64_t broker_event(std::string_view type, std::uint64_t from, std::uint64_t to) {
    std::string body;
    wire::Writer writer(body);
    writer.array(1).map(4).field("type", type).field("agent_id", "").field("blind_from", from).field("blind_to", to);
    return entry(wire::Kind::event, 1, body);
  }
  std::uint64_t tick() {
    std::string body;
    wire::Writer(body).array(0);
    return entry(wire::Kind::tick, 1, body);
  }

  TestBatch cut() {
    TestBatch batch{
        {.broker_run = run_, .first_seq = first_, .next_seq = next_, .recorded = 0, .time = base::log_time(time)},
        std::move(payload_)};
    payload_.clear();
    first_ = next_;
    return batch;
  }

 private:
  std::uint64_t entry(wire::Kind kind, std::size_t count, const std::string& body) {
    wire::Entry e;
    e.kind = kind;
    e.first_seq = next_;
    e.count = static_cast<std::uint32_t>(count);
    e.time = base::log_time(time);
    e.connection = 1;
    e.body = body;
    wire::append_entry(payload_, e);
    next_ += count;
    return e.first_seq;
  }

  std::uint64_t run_, next_, first_;
  std::string payload_;
};

// A state over a real database; take() applies and commits a batch.
class Store {
 public:
  explicit Store(const std::filesystem::path& folder, std::uint64_t max_bytes = 64 << 20)
      : env(open(folder, max_bytes)), keys(open_keys(env)), state({}, keys->lookup()) {
    auto result = recover(env, state);
    if (!result.ok()) FAIL(result.error().message);
    recovered = *result;
    sink = std::make_unique<CommitStore>(env, recovered.next_seq);
  }

  Work apply(const TestBatch& batch) {
    auto work = state.apply(batch.header, batch.payload);
    if (!work.ok()) FAIL(work.error().message);
    return std::move(work).value();
  }
  CommitResult commit(std::deque<Work> works) {
    CommitResult result = sink->commit(works);
    if (result.fault == Fault::none) state.committed(works.back().position.seq);
    return result;
  }
  void take(const TestBatch& batch) {
    std::deque<Work> works;
    works.push_back(apply(batch));
    const CommitResult result = commit(std::move(works));
    INFO(result.message);
    REQUIRE(result.fault == Fault::none);
  }

  EnvironmentStore env;
  std::unique_ptr<KeyStore> keys;
  State state;
  Recovered recovered;
  std::unique_ptr<CommitStore> sink;

 private:
  static EnvironmentStore open(const std::filesystem::path& folder, std::uint64_t max_bytes) {
    auto opened = EnvironmentStore::open(folder, max_bytes, EnvironmentStore::Mode::write);
    if (!opened.ok()) FAIL(opened.error().message);
    return std::move(opened).value();
  }
  static std::unique_ptr<KeyStore> open_keys(const EnvironmentStore& env) {
    auto opened = KeyStore::open(env);
    if (!opened.ok()) FAIL(opened.error().message);
    return std::move(opened).value();
  }
};

// All that a state knows, for comparison: rows by agent, and the position with its totals.
inline std::map<std::string, std::string> everything(const State& state) {
  std::map<std::string, std::string> out;
  Position position = state.position();
  position.sweep_from = 0;  // how far checkpoints got is no part of the truth
  out["\x01position"] = encode_position(position);
  wire::Writer writer(
      out["\x01"
          "fleet"]);
  auto fleet = state.fold().export_fleet();
  fleet.as_of = 0;
  liveness::encode(writer, fleet);
  for (Directory::Walk walk(state.directory(), {}, {}, std::nullopt); !walk.at_end(); walk.next()) {
    out[std::string(walk.agent_id())] = state.encode_row(walk.row());
  }
  return out;
}

inline State replay_straight(const std::vector<TestBatch>& batches) {
  // Nothing is committed, so every key is still known to the state itself.
  State state({}, [](std::string_view) -> std::optional<std::uint64_t> { return std::nullopt; });
  for (const TestBatch& batch : batches) {
    auto work = state.apply(batch.header, batch.payload);
    if (!work.ok()) FAIL(work.error().message);
  }
  return state;
}

}  // namespace lifesign::recorder::test
