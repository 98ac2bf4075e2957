// How long a loop's cycles take: the worst, and how many were slow, so that a stall is seen without a profiler.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace lifesign::telemetry {

class DutyCycle {
 public:
  explicit DutyCycle(base::Micros slow) : slow_(slow) {}
  // Work of one cycle, waiting not counted.
  void add(base::Micros took) {
    if (took > worst_) worst_ = took;
    if (took > slow_) ++slow_cycles_;
  }
  base::Micros worst() const { return worst_; }
  std::uint64_t slow_cycles() const { return slow_cycles_; }

 private:
  base::Micros slow_;
  base::Micros worst_{0};
  std::uint64_t slow_cycles_ = 0;
};

}  // namespace lifesign::telemetry
