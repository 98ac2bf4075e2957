// Instants and durations. One clock rules judgement: log time, stamped by the broker.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace lifesign::base {

using Micros = std::chrono::microseconds;
using Millis = std::chrono::milliseconds;

// Log time: microseconds since 1970 UTC as stamped by the broker; it never runs backwards within or across broker runs.
struct LogClock {
  using duration = Micros;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<LogClock>;
  static constexpr bool is_steady = true;  // It has no now(): only the broker makes log time.
};
using LogTime = LogClock::time_point;

constexpr LogTime log_time(std::uint64_t micros) {
  return LogTime(Micros(static_cast<std::int64_t>(micros)));
}
// The start of the year 2500: later times are refused wherever they come in, so that what is reckoned with them neither
// overflows nor passes what a row of the liveness fold holds (2527).
inline constexpr std::uint64_t log_time_max = 16'725'225'600'000'000;
constexpr std::uint64_t to_wire(LogTime t) {
  return static_cast<std::uint64_t>(t.time_since_epoch().count());
}

// Judged times are floored to a millisecond, so that compact history can give the same verdict again.
constexpr LogTime floor_ms(LogTime t) {
  return std::chrono::time_point_cast<Micros>(std::chrono::floor<Millis>(t));
}

// This machine's clocks. Wall: CLOCK_REALTIME. Boot: CLOCK_BOOTTIME, which goes on during suspend and is never stepped.
Micros wall_now();
Micros boot_now();
Micros monotonic_now();  // CLOCK_MONOTONIC: stands still during suspend

// "2026-11-24T22:13:31.120Z" (UTC, milliseconds).
std::string iso8601(LogTime t);

}  // namespace lifesign::base
