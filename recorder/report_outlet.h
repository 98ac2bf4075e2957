// Tells the broker the recorder's counters, for `status`. Whatever is lost is told again a second later. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <zmq.hpp>

#include "base/time.h"

namespace lifesign::recorder {

// Counters by name, in the order in which they are shown.
using Counts = std::vector<std::pair<std::string_view, std::uint64_t>>;
// A packed map of them.
std::string encode_counts(const Counts& counts);

class ReportOutlet {
 public:
  ReportOutlet(zmq::context_t& context, std::function<std::string()> endpoint, std::string token);

  bool due(base::Micros now) const { return now >= next_; }
  // Sends without waiting.
  void send(const Counts& counts, base::Micros now);

 private:
  void open(const std::string& endpoint);

  zmq::context_t& context_;
  const std::function<std::string()> endpoint_of_;
  const std::string token_;
  std::string endpoint_;
  std::optional<zmq::socket_t> socket_;
  std::vector<zmq::message_t> frames_;
  base::Micros next_{0};
};

}  // namespace lifesign::recorder
