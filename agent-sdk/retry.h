// What an answer that is no success asks of the sender, and how long to wait. One place for all senders.
#pragma once

#include <algorithm>
#include <string_view>

#include "base/error.h"
#include "base/time.h"

namespace lifesign::sdk {

enum class Retry {
  after_pause,  // the broker is at a bound: send nothing until the time it names
  backed_off,   // it passes: again, more and more seldom
  never,        // the message itself is at fault
};

inline Retry verdict_on(std::string_view code) {
  const auto known = base::code_from_name(code);
  if (!known) return Retry::backed_off;  // a newer broker's code: dropping would be worse
  switch (*known) {
    case base::Code::overloaded:
      return Retry::after_pause;
    case base::Code::recorder_unavailable:
    case base::Code::storage_failed:
    case base::Code::busy:
      return Retry::backed_off;
    default:
      return Retry::never;
  }
}

inline base::Micros pause_asked_for(std::uint64_t retry_after_ms) {
  return base::Millis(std::clamp<std::uint64_t>(retry_after_ms, 10, 60'000));
}

// 1 s, 2 s, 4 s ... 30 s.
inline base::Micros back_off(unsigned failures) {
  return std::min<base::Micros>(std::chrono::seconds(30), std::chrono::seconds(1LL << std::min(failures, 5u)));
}

}  // namespace lifesign::sdk
