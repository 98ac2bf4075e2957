// The broker's state file on the simulated disk: what a crash leaves is the last write that was through its fsync.
// The equivalent of broker::StateFile, whose thread cannot run on simulated time.
#pragma once

#include <optional>

#include "broker/state_file.h"
#include "sim/disk.h"
#include "sim/timeline.h"

namespace lifesign::sim {

class StateDisk {
 public:
  StateDisk(Timeline& timeline, Disk& disk) : timeline_(timeline), disk_(disk) {}

  // Through the text that is on disk, as a new process reads it.
  std::optional<broker::State> load() const {
    if (!kept_) return std::nullopt;
    auto read = broker::read_state(broker::write_state(*kept_), "broker.state");
    LIFESIGN_ASSERT(read.ok(), "the state file cannot be read: {}", read.error().message);
    return std::move(read).value();
  }
  void write_now(const broker::State& state) {
    kept_ = state;
    ceiling_ = state.ceiling;
  }
  void write_later(const broker::State& state) {
    waiting_ = state;
    if (!writing_) write();
  }
  std::uint64_t ceiling() const { return ceiling_; }
  void crash() {
    ++life_;
    waiting_.reset();
    writing_ = false;
  }

 private:
  void write() {
    writing_ = true;
    timeline_.after(disk_.sync_time(), [this, life = life_, state = *std::exchange(waiting_, std::nullopt)] {
      if (life != life_) return;
      if (!disk_.full && state.ceiling >= ceiling_) write_now(state);
      writing_ = false;
      if (waiting_) write();
    });
  }

  Timeline& timeline_;
  Disk& disk_;
  std::optional<broker::State> kept_, waiting_;
  std::uint64_t ceiling_ = 0;
  std::uint64_t life_ = 0;
  bool writing_ = false;
};

}  // namespace lifesign::sim
