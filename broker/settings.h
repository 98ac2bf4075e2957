// The broker's settings, each declared once.
#pragma once

#include <cstdint>
#include <string>

#include "config/settings.h"
#include "launch/launch.h"

namespace lifesign::broker {

struct BrokerSettings {
  launch::CommonSettings common;
  std::uint64_t port = 7400;
  std::string ingest, events, log;
  std::uint64_t ring = 128ull << 20;
  std::uint64_t held_events = 64ull << 20;
  std::uint64_t waiting_acks = 262'144;
  base::Micros tick = std::chrono::milliseconds(5);
  base::Micros blind_after = std::chrono::seconds(1);
  std::uint64_t io_threads = 1;

  void declare(config::Settings& settings);
};

}  // namespace lifesign::broker
