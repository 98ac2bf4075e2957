// One agent as the library keeps it: its run, its state, and how a beat of it is packed. Pure: times are arguments.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/time.h"
#include "lifesign/types.h"
#include "spool.h"

namespace lifesign::sdk {

struct Member {
  std::string id;
  std::uint64_t run = 0;
  std::uint64_t run_seq = 0;  // of the last beat made
  Millis interval{30'000};

  std::optional<std::string> activity, task;
  std::optional<std::uint64_t> progress, error_count;
  std::string metrics;         // packed; empty: none
  base::Micros busy_until{0};  // on the clock of `now`; 0: no declared wait
  std::string busy_reason;

  base::Micros last_beat{0};
  base::Micros due{0};       // of the one timer that counts
  base::Micros armed_at{0};  // when that timer was set
  bool stopped = false;      // has said goodbye

  // The next beat, with the whole state: a beat that is lost takes no change with it, and an agent whose row was
  // forgotten is known again from one beat. `now` is of CLOCK_BOOTTIME, `wall` of CLOCK_REALTIME.
  SpoolItem make_beat(std::uint64_t handle, Ack ack, base::Micros now, base::Micros wall);
};

// Empty for no metrics.
std::string pack_metrics(const std::map<std::string, double>& metrics);

}  // namespace lifesign::sdk
