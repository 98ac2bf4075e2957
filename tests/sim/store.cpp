#include "sim/store.h"

#include "base/assert.h"

namespace lifesign::sim {
namespace {

void expect(const base::Status& status, std::string_view what) {
  LIFESIGN_ASSERT(status.ok(), "{}: {}", what, status.error().message);
}

}  // namespace

void Store::chunk(recorder::ChunkHeader& header, std::string& entries) {
  if (entries.empty()) return;
  header.prev_next = next_seq_;
  log_.emplace(header.first_seq, recorder::encode_chunk(header, entries));
  next_seq_ = header.next_seq;
  entries.clear();
}

// The packing is CommitStore's: batches that follow one another share a chunk.
void Store::commit(const std::deque<recorder::Work>& works) {
  recorder::ChunkHeader header;
  std::string entries;
  for (const recorder::Work& work : works) {
    const bool follows = header.next_seq == work.first_seq && header.broker_run == work.position.broker_run;
    if (!follows || entries.size() + work.entries.size() > recorder::chunk_bytes) chunk(header, entries);
    if (entries.empty()) {
      header = {};
      header.broker_run = work.position.broker_run;
      header.first_seq = work.first_seq;
      header.first_time = work.first_time;
    }
    for (const std::uint32_t offset : work.repeats)
      header.repeats.push_back(static_cast<std::uint32_t>(work.first_seq - header.first_seq) + offset);
    header.next_seq = work.next_seq;
    header.last_time = work.last_time;
    entries.append(work.entries);
    for (const recorder::StoredEvent& e : work.events) {
      events_.emplace(e.seq, e.map);
      if (!e.key.empty()) keys_.emplace(e.key, e.seq);
    }
    for (const recorder::StoredBackfill& b : work.backfill)
      if (!b.identity.empty()) keys_.emplace(b.identity, b.seq);
    for (const recorder::RowChange& r : work.rows) {
      if (r.payload.empty())
        rows_.erase(r.agent_id);
      else
        rows_.insert_or_assign(r.agent_id, r.payload);
    }
    if (work.fleet) fleet_ = *work.fleet;
  }
  chunk(header, entries);
  position_ = recorder::encode_position(works.back().position);
}

void Store::recover(recorder::State& state) const {
  if (!position_.empty()) {
    recorder::Position position;
    expect(recorder::decode_position(position_, position), "position");
    state.load_position(position);
  }
  if (!fleet_.empty()) expect(state.load_fleet(fleet_), "fleet");
  for (const auto& [id, row] : rows_) expect(state.load_row(id, row), id);
  auto at = log_.upper_bound(state.position().sweep_from + 1);
  if (at != log_.begin()) --at;
  for (; at != log_.end(); ++at) {
    recorder::Chunk chunk;
    expect(recorder::decode_chunk(at->first, at->second, chunk), "chunk");
    expect(state.replay(chunk), "replay");
  }
  state.recovered();
}

void Store::replay_all(recorder::State& state) const {
  if (position_.empty()) return;
  recorder::Position position;
  expect(recorder::decode_position(position_, position), "position");
  position.sweep_from = 0;
  state.load_position(position);
  for (const auto& [first, payload] : log_) {
    recorder::Chunk chunk;
    expect(recorder::decode_chunk(first, payload, chunk), "chunk");
    expect(state.replay(chunk), "replay");
  }
  state.recovered();
}

}  // namespace lifesign::sim
