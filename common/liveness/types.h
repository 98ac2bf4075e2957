// The small vocabulary of liveness: statuses, causes, verdicts and what a row remembers of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "wire/kinds.h"

namespace lifesign::liveness {

// Judged times are whole milliseconds since 1970 UTC of log time: base::floor_ms of the stamp.
using Ms = std::int64_t;
constexpr Ms to_ms(base::LogTime t) {
  return std::chrono::floor<base::Millis>(t.time_since_epoch()).count();
}
constexpr base::LogTime from_ms(Ms ms) {
  return base::LogTime(base::Millis(ms));
}

enum class Status : std::uint8_t { expected, active, late, offline, stopped };
inline constexpr std::size_t statuses = 5;
std::string_view status_name(Status status);
std::optional<Status> status_from_name(std::string_view name);
// A deadline runs only for these.
constexpr bool is_watched(Status s) {
  return s == Status::expected || s == Status::active || s == Status::late;
}

enum class Cause : std::uint8_t { none, silent, disconnected, cut_off, never_seen, unobserved };
std::string_view cause_name(Cause cause);  // "" for none
std::optional<Cause> cause_from_name(std::string_view name);

enum class Verdict : std::uint8_t {
  registered,
  ready,
  status,
  duplicate,
  missed,
  timeout,
  recovered,
  stalled,
  resumed,
};
inline constexpr std::size_t verdict_types = 9;
std::string_view verdict_name(Verdict type);  // the event type on the wire
std::optional<Verdict> verdict_from_name(std::string_view name);

// A verdict that a record made due, and that the log does not hold yet.
struct Owed {
  Verdict type = Verdict::registered;
  std::uint64_t evidence_seq = 0;
  Ms decided = 0;
  std::uint32_t pairs = 0;  // key-value pairs in `fields`
  std::string fields;       // packed: the fields of its kind, ready to go into the event's map
  // Of a miss or timeout in a silence that ended before anybody judged it:
  std::uint8_t ordinal = 0;
  Ms ended = 0;

  bool is(Verdict t, std::uint64_t evidence, std::uint64_t n) const {
    return type == t && evidence_seq == evidence && ordinal == n;
  }
  bool operator==(const Owed&) const = default;
};

struct SeqRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;  // inclusive
  bool operator==(const SeqRange&) const = default;
};

// The latest silence that went past its first deadline and was ended by a beat. A verdict on it may come later in the
// log than that beat; it is then applied as of its evidence.
struct Silence {
  std::uint64_t evidence_seq = 0;  // the beat before it; 0: none is remembered
  std::uint64_t ended_seq = 0;     // the beat that ended it
  Ms ended = 0;
  std::uint8_t misses = 0;  // told so far
  bool timed_out = false;   // told
  bool recovered = false;   // told: then a timeout that comes only now owes no recovery
  bool operator==(const Silence&) const = default;
};

}  // namespace lifesign::liveness
