// What one batch of the log comes to: made by the intake thread, committed by the writer. A plain value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "recorder/position.h"

namespace lifesign::recorder {

struct StoredEvent {
  std::uint64_t seq = 0;
  std::string map;  // as subscribers get it
  std::string key;  // a verdict's; empty for others
};

struct StoredBackfill {
  std::uint64_t seq = 0;
  std::string key;
  std::string beat;
  std::string identity;  // its key in `keys`; empty for a beat without run and run_seq
};

struct RowChange {
  std::string agent_id;
  std::string payload;  // empty: the row is deleted
};

struct Work {
  std::uint64_t first_seq = 0, next_seq = 0;
  base::LogTime first_time{}, last_time{};
  std::string entries;
  std::vector<std::uint32_t> repeats;  // offsets from first_seq
  std::vector<StoredEvent> events;
  std::vector<StoredBackfill> backfill;
  std::vector<RowChange> rows;  // in the order in which they are to be done
  std::optional<std::string> fleet;
  Position position;  // after this batch

  // What it takes in memory, roughly: the bound of the queue counts it.
  std::size_t bytes() const {
    std::size_t n =
        sizeof(Work) + entries.size() + repeats.size() * sizeof(std::uint32_t) + (fleet ? fleet->size() : 0);
    for (const auto& e : events) n += sizeof e + e.map.size() + e.key.size();
    for (const auto& b : backfill) n += sizeof b + b.key.size() + b.beat.size() + b.identity.size();
    for (const auto& r : rows) n += sizeof r + r.agent_id.size() + r.payload.size();
    return n;
  }
};

}  // namespace lifesign::recorder
