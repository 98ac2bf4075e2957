// What goes wrong in a world, by kind: how often each fault begins, per second.
#pragma once

#include <array>
#include <string_view>

namespace lifesign::sim {

struct Storm {
  std::string_view name;
  // Processes of the service.
  double broker_crash = 0, broker_pause = 0, broker_slow = 0;
  double recorder_crash = 0, recorder_pause = 0;
  double watchdog_crash = 0, watchdog_pause = 0, watchdog_away = 0;
  // The machine.
  double suspend = 0, power = 0, clock_step = 0, disk_slow = 0, disk_full = 0;
  // Connections.
  double cut_service = 0, partition = 0, slow_network = 0, lose_events = 0;
  // Agents.
  double die = 0, restart = 0, hang = 0, stop = 0, goodbye = 0, mass_death = 0, agent_clock = 0;
};

// Some agents die, hang and come back in each of them, so that there is always something to be told.
inline constexpr std::array storms{
    Storm{.name = "restart",
          .broker_crash = 0.06,
          .recorder_crash = 0.06,
          .watchdog_crash = 0.08,
          .power = 0.01,
          .die = 0.05,
          .restart = 0.3,
          .hang = 0.5,
          .goodbye = 0.2},
    Storm{.name = "partition",
          .cut_service = 0.3,
          .partition = 0.15,
          .slow_network = 0.05,
          .die = 0.05,
          .restart = 0.2,
          .hang = 0.5},
    Storm{.name = "slow-disk",
          .broker_crash = 0.02,
          .recorder_crash = 0.04,
          .disk_slow = 0.1,
          .disk_full = 0.05,
          .die = 0.05,
          .restart = 0.3,
          .hang = 0.5},
    Storm{.name = "clock-chaos",
          .broker_crash = 0.02,
          .broker_pause = 0.1,
          .suspend = 0.03,
          .power = 0.01,
          .clock_step = 0.2,
          .die = 0.05,
          .restart = 0.2,
          .hang = 0.5,
          .agent_clock = 0.5},
    Storm{.name = "mass-death",
          .broker_pause = 0.05,
          .watchdog_crash = 0.03,
          .die = 0.05,
          .restart = 0.2,
          .mass_death = 0.05},
    Storm{.name = "flapping",
          .watchdog_crash = 0.03,
          .partition = 0.05,
          .restart = 3,
          .hang = 5,
          .stop = 1,
          .goodbye = 2},
    Storm{.name = "watchdog-away",
          .recorder_crash = 0.02,
          .watchdog_crash = 0.05,
          .watchdog_pause = 0.1,
          .watchdog_away = 0.05,
          .die = 0.05,
          .restart = 0.3,
          .hang = 1,
          .goodbye = 0.2},
    Storm{.name = "everything",
          .broker_crash = 0.03,
          .broker_pause = 0.1,
          .broker_slow = 0.03,
          .recorder_crash = 0.03,
          .recorder_pause = 0.05,
          .watchdog_crash = 0.05,
          .watchdog_pause = 0.05,
          .watchdog_away = 0.02,
          .suspend = 0.01,
          .power = 0.005,
          .clock_step = 0.05,
          .disk_slow = 0.05,
          .disk_full = 0.02,
          .cut_service = 0.1,
          .partition = 0.05,
          .slow_network = 0.03,
          .lose_events = 0.1,
          .die = 0.05,
          .restart = 0.5,
          .hang = 1,
          .stop = 0.3,
          .goodbye = 0.5,
          .mass_death = 0.01,
          .agent_clock = 0.1},
};

inline const Storm* storm_of(std::string_view name) {
  for (const Storm& storm : storms)
    if (storm.name == name) return &storm;
  return nullptr;
}

}  // namespace lifesign::sim
