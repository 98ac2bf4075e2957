// The machine that broker, recorder and watchdog run on: its clocks, as the kernel would show them.
#pragma once

#include <string>

#include "broker/clock.h"
#include "sim/random.h"

namespace lifesign::sim {

inline constexpr Micros world_epoch{1'795'560'000'000'000};  // wall clock at the world's beginning

struct Machine {
  Micros booted_at{-1'000'000'000};
  Micros wall_off{0};  // what people and NTP did to the wall clock
  Micros slept{0};     // in suspend, since boot
  unsigned boots = 1;

  broker::Reading read(Micros now) const {
    return {now - booted_at, world_epoch + now + wall_off, now - booted_at - slept};
  }
  std::string boot_id() const { return "boot-" + std::to_string(boots); }
  void reboot(Micros now) {
    booted_at = now - 10s;
    slept = Micros(0);
    ++boots;
  }
};

}  // namespace lifesign::sim
