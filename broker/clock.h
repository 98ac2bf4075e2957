// Log time from this machine's clocks.
//
// Problem: deadlines must not fire early or late because somebody set the clock, and times shown must be close to
// the wall clock all the same. Answer: log time runs with CLOCK_BOOTTIME and leans towards the wall clock by 0.5 % at
// most, so a clock set back by an hour changes what is judged by nothing, and what is shown slowly.
//
// Pure: readings are handed in. One thread.
#pragma once

#include <cstdint>
#include <optional>

#include "base/time.h"

namespace lifesign::broker {

struct Reading {
  base::Micros boot;       // CLOCK_BOOTTIME
  base::Micros wall;       // CLOCK_REALTIME
  base::Micros monotonic;  // CLOCK_MONOTONIC: lacks what was slept in suspend
};
Reading read_clocks();

struct ClockStep {
  base::Micros step;  // by how much the wall clock was set
  base::Micros slew;  // how far log time now is from it
};

class Clock {
 public:
  // `start` is log time at `reading`.
  Clock(base::LogTime start, const Reading& reading) : log_(start), last_(reading) {}

  // Once a loop. Tells a wall clock that was set by more than half a second since the last call.
  std::optional<ClockStep> update(const Reading& reading);
  // Log time at a later boot reading than the last update's. It runs as slowly as slewing may make it, so that the
  // next update() is never behind what was given out.
  base::LogTime at(base::Micros boot) const;
  base::LogTime now() const { return log_; }
  base::Micros boot() const { return last_.boot; }  // of the last update
  void raise(base::LogTime least) { log_ = least > log_ ? least : log_; }
  // Suspended time that the last update() found, 0 if none.
  base::Micros suspended() const { return suspended_; }

 private:
  base::LogTime log_;
  Reading last_;
  base::Micros suspended_{0};
};

}  // namespace lifesign::broker
