// Puts what the log came to into the database: many batches, one transaction, one fsync.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "recorder/environment_store.h"
#include "recorder/work.h"

namespace lifesign::recorder {

struct CommitResult {
  Fault fault = Fault::none;
  std::string message;  // with a fault
};

// The seam between the writer thread and the disk; tests put faults in here.
class CommitSink {
 public:
  virtual ~CommitSink() = default;
  // All of `works`, in order, or nothing. After `full` the same may be tried again; after `fatal` nothing may.
  virtual CommitResult commit(const std::deque<Work>& works) = 0;
};

class CommitStore : public CommitSink {
 public:
  // `prev_next` is the next_seq of the last chunk, 0 if there is none. `env` must outlive this.
  CommitStore(EnvironmentStore& env, std::uint64_t prev_next) : env_(&env), prev_next_(prev_next) {}
  CommitResult commit(const std::deque<Work>& works) override;

 private:
  EnvironmentStore* env_;
  unsigned commits_ = 0;
  std::uint64_t prev_next_;
};

}  // namespace lifesign::recorder
