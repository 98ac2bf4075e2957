// One clock for a run: microseconds since it began, and what they are on the wall clock, which is not asked again, so
// that a step of it moves no latency. All threads read it.
#pragma once

#include "base/time.h"

namespace lifesign::load {

class Clock {
 public:
  Clock() : began_(base::monotonic_now()), wall_(base::wall_now()) {}
  base::Micros now() const { return base::monotonic_now() - began_; }
  std::uint64_t to_wall(base::Micros since_start) const {
    return static_cast<std::uint64_t>((wall_ + since_start).count());
  }
  base::Micros from_wall(std::uint64_t micros) const { return base::Micros(static_cast<std::int64_t>(micros)) - wall_; }

 private:
  base::Micros began_, wall_;
};

// From the clock's start: load from `from`, measured from `measure` to `to`, which ends it.
struct Span {
  base::Micros from{0}, measure{0}, to{0};
};

}  // namespace lifesign::load
