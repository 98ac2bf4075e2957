// The recorder's settings, each declared once.
#pragma once

#include <cstdint>
#include <string>

#include "config/settings.h"

namespace lifesign::recorder {

struct RecorderSettings {
  std::string data;
  std::string log_level = "info";
  std::string log_format = "text";
  std::uint64_t port = 7400;
  std::string query, broker_log, broker_ingest;
  std::uint64_t max_size = 16ull << 30;
  std::uint64_t queue = 64ull << 20;
  std::uint64_t max_agents = 1'048'576;

  void declare(config::Settings& settings);
};

}  // namespace lifesign::recorder
