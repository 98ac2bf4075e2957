// The recorder's settings, each declared once.
#pragma once

#include <cstdint>
#include <string>

#include "config/settings.h"
#include "launch/launch.h"

namespace lifesign::recorder {

struct RecorderSettings {
  launch::CommonSettings common;
  std::uint64_t port = 7400;
  std::string query, broker_log, broker_ingest;
  std::uint64_t max_size = 16ull << 30;
  std::uint64_t queue = 64ull << 20;
  std::uint64_t max_agents = 1'048'576;

  void declare(config::Settings& settings);
};

}  // namespace lifesign::recorder
