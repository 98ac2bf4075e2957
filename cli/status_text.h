// The state of each process as a person reads it. Pure.
#pragma once

#include <string>

#include "cli/json.h"
#include "cli/terminal.h"

namespace lifesign::cli {

// {"broker": …, "recorder": …, "totals": …, "services": …} as `status --json` prints it: "reachable" tells in each of
// the first two whether it answered, and "error" why not.
std::string status_text(const Json& status, const Terminal& terminal);

// "messages 12, beats 300": what is not zero, in rows that fit.
std::string counters_text(const Json& counters, const Terminal& terminal);

// A service that has not reported for longer than this is not counted as running.
inline constexpr std::uint64_t report_stale_ms = 5'000;
bool service_is_up(const Json& service);

}  // namespace lifesign::cli
