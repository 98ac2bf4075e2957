// Logging by spdlog, handed to those who log; there is no global logger of ours.
#pragma once

#include <spdlog/logger.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"

namespace lifesign::telemetry {

using Log = spdlog::logger;

enum class Format { text, json };

// Writes to stderr. text: "2026-11-24T22:13:31.120Z info  broker  listening on …"; json: one object a line with
// time, level, name, message. Colours only on a terminal.
base::Result<std::shared_ptr<Log>> make_log(std::string name, std::string_view level, std::string_view format);

// For faults that repeat: the first is said at once, then one line in `every`, with the number held back.
class RateLimit {
 public:
  explicit RateLimit(base::Micros every = std::chrono::seconds(10)) : every_(every) {}
  // `now`: monotonic. True: say it, and `held_back` tells how many were not said since the last time.
  bool allow(base::Micros now, std::uint64_t& held_back);

 private:
  base::Micros every_;
  base::Micros next_{0};
  std::uint64_t held_back_ = 0;
};

}  // namespace lifesign::telemetry
