// Hands verdicts and the watchdog's counters to the broker's ingest. Fire and forget: what gets lost is sent again by
// the outbox, since it does not come back through the log. After a refusal each verdict goes by itself for a while, so
// that one which the broker does not take holds up no other. One thread.
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
#include "telemetry/log.h"
#include "wire/kinds.h"

namespace lifesign::watchdog {

using Counts = std::vector<std::pair<std::string_view, std::uint64_t>>;

class VerdictOutlet {
 public:
  using Endpoint = std::function<std::string()>;
  VerdictOutlet(zmq::context_t& context, Endpoint endpoint, std::string token, telemetry::Log& log);

  // Looks the endpoint up again where it has moved, and says what was refused. `now` is monotonic.
  void tick(base::Micros now);
  bool ready();  // there is a peer with room
  // Collects; a full message goes out at once. False: the broker can't take more now.
  bool add(std::string_view verdict);
  void send();  // what was collected
  void report(const Counts& counts);
  std::uint64_t refused() const { return refused_; }
  zmq::socket_t& socket() { return *socket_; }

 private:
  void open(const std::string& endpoint);
  bool post(wire::Kind kind, std::string_view body);

  zmq::context_t& context_;
  const Endpoint endpoint_of_;
  const std::string token_;
  telemetry::Log& log_;
  telemetry::RateLimit faults_;
  std::string endpoint_;
  std::optional<zmq::socket_t> socket_;
  std::vector<zmq::message_t> frames_;
  std::string maps_;
  std::size_t count_ = 0;
  base::Micros now_{0};          // of the latest tick
  base::Micros alone_until_{0};  // until then one verdict a message
  std::uint64_t refused_ = 0;
  std::uint64_t corr_ = 0;
};

}  // namespace lifesign::watchdog
