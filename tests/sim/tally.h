// What worlds came to: counts, the worst delay, and what was broken.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace lifesign::sim {

struct Tally {
  std::uint64_t worlds = 0;
  std::uint64_t agents = 0;
  std::uint64_t beats = 0;      // in the recorder's log, repeats and backfill too
  std::uint64_t deadlines = 0;  // silences that the oracle judged: one for each sign of life
  std::uint64_t looks = 0;      // deadlines that the watchdog's wheel looked at
  std::uint64_t ticks = 0;      // drained ticks
  std::uint64_t timeouts = 0, recoveries = 0;
  std::uint64_t faults = 0;      // begun by storms
  std::uint64_t acked = 0;       // beats that agents were told are recorded
  std::uint64_t lost_blind = 0;  // beats that a crash took before they were recorded, all within a blind span
  std::uint64_t uncounted = 0;   // beats whose place in the run was closed (docs/liveness.md, "Runs")
  std::uint64_t untold = 0;      // the documented gap: outages that ended before the log held two ticks of them
  std::uint64_t on_lost = 0;     // timeouts on beats that a log.gap lost: told again on what is left
  std::uint64_t unclear = 0;     // agents whose runs crossed, left to the fold's own tests
  std::uint64_t events = 0;      // delivered to subscribers
  // What must be 0.
  std::uint64_t false_timeouts = 0, missed_deaths = 0, other = 0;
  // The same worlds, judged by the naive design.
  std::uint64_t naive_timeouts = 0, naive_false = 0, naive_missed = 0;
  std::int64_t worst_delay_ms = 0;  // from the deadline (or the end of what was in the way) to the verdict in the log
  std::vector<std::string> broken;  // the first ones, in words

  void breaks(std::uint64_t Tally::*kind, std::string what) {
    ++(this->*kind);
    if (broken.size() < 20) broken.push_back(std::move(what));
  }
  bool good() const { return false_timeouts + missed_deaths + other == 0; }
  void add(const Tally& t);
};

// For people, and for programs.
std::string to_text(const Tally& tally, std::string_view storm);
std::string to_json(const Tally& tally, std::string_view storm);

}  // namespace lifesign::sim
