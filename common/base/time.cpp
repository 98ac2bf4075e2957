#include "base/time.h"

#include <fmt/format.h>

#include <ctime>

#include "base/assert.h"

namespace lifesign::base {
namespace {

Micros read_clock(clockid_t id) {
  timespec t{};
  const int failed = ::clock_gettime(id, &t);
  LIFESIGN_ASSERT(failed == 0, "clock {} cannot be read", id);
  return std::chrono::seconds(t.tv_sec) + Micros(t.tv_nsec / 1000);
}

}  // namespace

Micros wall_now() {
  return read_clock(CLOCK_REALTIME);
}
Micros boot_now() {
  return read_clock(CLOCK_BOOTTIME);
}
Micros monotonic_now() {
  return read_clock(CLOCK_MONOTONIC);
}

std::string iso8601(LogTime t) {
  const std::int64_t micros = t.time_since_epoch().count();
  const std::time_t seconds = micros / 1'000'000;
  std::tm utc{};
  if (::gmtime_r(&seconds, &utc) == nullptr) return "out of range";
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec, micros % 1'000'000 / 1000);
}

}  // namespace lifesign::base
