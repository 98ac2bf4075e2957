// The recorder's database in memory, in place of LMDB: what was committed, in the form of docs/storage.md (chunks,
// rows, keys, events, position), written and read back by the recorder's own encoders. A crash leaves it as it is:
// commits are whole or not at all.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <unordered_map>

#include "recorder/state.h"

namespace lifesign::sim {

class Store {
 public:
  void commit(const std::deque<recorder::Work>& works);
  // As recorder::recover: position, fleet, rows, then the log from where the last sweep began.
  void recover(recorder::State& state) const;
  // The whole log, as if there were neither rows nor position.
  void replay_all(recorder::State& state) const;

  std::optional<std::uint64_t> find_key(std::string_view key) const {
    const auto found = keys_.find(std::string(key));
    return found == keys_.end() ? std::nullopt : std::optional(found->second);
  }
  std::uint64_t last_seq() const { return next_seq_ == 0 ? 0 : next_seq_ - 1; }
  const std::map<std::uint64_t, std::string>& log() const { return log_; }
  const std::map<std::uint64_t, std::string>& events() const { return events_; }

 private:
  void chunk(recorder::ChunkHeader& header, std::string& entries);

  std::map<std::uint64_t, std::string> log_;
  std::map<std::uint64_t, std::string> events_;
  std::map<std::string, std::string> rows_;
  std::unordered_map<std::string, std::uint64_t> keys_;
  std::string position_, fleet_;
  std::uint64_t next_seq_ = 0;  // of the last chunk
};

}  // namespace lifesign::sim
