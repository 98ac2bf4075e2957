// Small types that several headers share.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lifesign/result.h"

namespace lifesign {

using Millis = std::chrono::milliseconds;

// Log time: as the broker stamps it, microseconds, UTC.
using Time = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;
constexpr Time time_of(std::uint64_t micros) {
  return Time(std::chrono::microseconds(static_cast<std::int64_t>(micros)));
}

enum class Ack {
  none,      // no answer unless it is refused
  received,  // sequenced, in the broker's memory
  recorded,  // through an fsync
};

// The broker's answer to a message that it took.
struct Receipt {
  Ack level = Ack::received;
  std::uint64_t seq = 0;  // of the (first) item
  Time time{};            // the stamp
};

// What is known of an agent besides its beats. A field that is not set leaves what was known before.
struct Registration {
  std::optional<std::string> name, type;
  std::optional<std::vector<std::string>> capabilities;
  std::optional<std::map<std::string, std::string>> labels;  // host, zone, team ...
  std::optional<std::string> metadata;                       // a packed map, see pack_map()
  std::optional<Millis> interval, grace, stall_after;
  std::optional<std::uint32_t> missed_limit;
  std::optional<std::string> schedule, time_zone;  // five-field cron, in place of an interval; IANA name
};

// What one beat says. A field that is not set is not sent.
struct BeatFields {
  std::optional<Millis> interval;
  std::optional<std::string> activity, task;
  std::optional<std::uint64_t> progress, error_count;
  std::optional<Millis> busy_for;
  std::string busy_reason;
  std::map<std::string, double> metrics;
};

}  // namespace lifesign
