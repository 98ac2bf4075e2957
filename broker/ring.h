// The log's last stretch, in memory: whole batches, oldest first, under a bound of bytes.
//
// Pure; one thread. This and Sequencer are all that is the log: a replicated log engine would take their place.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "base/time.h"

namespace lifesign::broker {

struct Batch {
  std::uint64_t first_seq = 0;
  std::uint64_t next_seq = 0;
  base::LogTime time{};  // of its last entry
  std::shared_ptr<const std::string> payload;
};

class Ring {
 public:
  explicit Ring(std::uint64_t max_bytes) : max_bytes_(max_bytes) {}

  // Batches follow on without a gap. The oldest go when the bound is passed; at least one stays.
  void push(Batch batch);
  void clear();

  bool empty() const { return batches_.empty(); }
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t max_bytes() const { return max_bytes_; }
  std::uint64_t evicted() const { return evicted_; }

  // Batches are numbered for ever: consumers keep the number of the next one that they want.
  std::uint64_t first_index() const { return first_index_; }
  std::uint64_t end_index() const { return first_index_ + batches_.size(); }
  const Batch& at(std::uint64_t index) const;
  // The batch that holds `seq`, or the first above it; end_index() if there is none.
  std::uint64_t find(std::uint64_t seq) const;

 private:
  const std::uint64_t max_bytes_;
  std::deque<Batch> batches_;
  std::uint64_t first_index_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t evicted_ = 0;
};

}  // namespace lifesign::broker
