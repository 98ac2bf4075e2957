#include "broker/clock.h"

#include <algorithm>
#include <cstdlib>

namespace lifesign::broker {
namespace {

constexpr base::Micros step_from = std::chrono::milliseconds(500);  // less is NTP's own slewing, and jitter of reading
constexpr std::int64_t slew_divisor = 200;                          // 0.5 %

}  // namespace

Reading read_clocks() {
  return {base::boot_now(), base::wall_now(), base::monotonic_now()};
}

base::LogTime Clock::at(base::Micros boot) const {
  const base::Micros passed = std::max(boot - last_.boot, base::Micros(0));
  return log_ + (passed - passed / slew_divisor - base::Micros(1) * (passed % slew_divisor != base::Micros(0)));
}

std::optional<ClockStep> Clock::update(const Reading& reading) {
  const base::Micros passed = std::max(reading.boot - last_.boot, base::Micros(0));
  suspended_ = std::max(passed - (reading.monotonic - last_.monotonic), base::Micros(0));
  const base::Micros step = (reading.wall - last_.wall) - passed;

  const base::Micros ahead = reading.wall - (log_.time_since_epoch() + passed);  // of log time
  const base::Micros most = passed / slew_divisor;
  log_ += passed + std::clamp(ahead, -most, most);
  last_ = reading;
  if (step < step_from && step > -step_from) return std::nullopt;
  return ClockStep{step, reading.wall - log_.time_since_epoch()};
}

}  // namespace lifesign::broker
