// What happens in the demonstration fleet, and when. Pure: a loop of steps by time since its start.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace lifesign::cli::demo {

enum class Action {
  start,    // starts the agent's process
  kill,     // SIGKILL: it dies with no word
  goodbye,  // SIGTERM: it says goodbye and stops
  expect,   // registers an agent that never comes
};

struct Step {
  base::Micros at;  // since the start of a round
  Action action;
  std::string_view agent;
};

inline constexpr base::Micros round_length = std::chrono::seconds(24);
inline constexpr base::Micros interval = std::chrono::seconds(1);
// The worker's progress stands still in this part of each round of its own clock.
inline constexpr base::Micros stall_from = std::chrono::seconds(8);
inline constexpr base::Micros stall_to = std::chrono::seconds(15);
inline constexpr base::Micros stall_after = std::chrono::seconds(3);

inline constexpr std::string_view ghost = "night-backup";
inline constexpr std::string_view worker = "worker-1";
bool stalls_at(base::Micros since_start);

// The steps with a time in (after, until], both since the start of the demonstration; in order. -1 includes 0.
std::vector<Step> due(base::Micros after, base::Micros until);

// What to look for, a line for each agent.
std::string legend();

}  // namespace lifesign::cli::demo
