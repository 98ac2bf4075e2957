// The watchdog's settings, each declared once.
#pragma once

#include <cstdint>
#include <string>

#include "config/settings.h"
#include "launch/launch.h"
#include "liveness/fold.h"

namespace lifesign::watchdog {

struct WatchdogSettings {
  launch::CommonSettings common;
  std::string broker_log, broker_ingest, recorder_query;
  std::uint64_t max_agents = liveness::agents_max_default;

  void declare(config::Settings& settings);
};

}  // namespace lifesign::watchdog
