// Serves the log to its consumers over ROUTER, with byte credit: each reads the ring at its own pace, and one that
// falls out of it is cut off and told.
//
//   state     | start                  | credit    | recorded          | silence of 30 s | fell out of the ring
//   none      | -> streaming, or error | error     | error             |                 |
//   streaming | -> streaming from there| more to send | watermark (recorder only) | -> none | error too_slow, -> none
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>
#include <zmq.hpp>

#include "base/error.h"
#include "broker/message.h"
#include "broker/sequencer.h"
#include "net/connection_watch.h"
#include "net/gate.h"
#include "net/socket.h"
#include "telemetry/log.h"

namespace lifesign::broker {

class LogDesk {
 public:
  static base::Result<LogDesk> bind(zmq::context_t& context, const std::string& endpoint, std::string_view option,
                                    Sequencer& sequencer, Counters& counters, telemetry::Log& log, net::Gate& gate);

  // Answers at most `max_requests` that have come. True: the recorder is ahead of this broker by ahead_of(), and a new
  // run must be opened above it before anything else is done.
  bool answer(std::size_t max_requests, base::LogTime now, Outbox& out);
  std::uint64_t ahead_of() const { return ahead_of_; }
  base::LogTime ahead_time() const { return ahead_time_; }  // log time of its last record; the epoch: not said

  // Sends what consumers lack and have credit for, and loose ticks to those that lack nothing. Returns batches sent.
  std::size_t send(base::LogTime now);

  zmq::socket_t& socket() { return socket_; }
  const std::string& endpoint() const { return endpoint_; }
  std::size_t sessions() const { return sessions_.size(); }

 private:
  struct Session {
    std::string role;
    std::uint64_t next_index = 0;  // of the ring
    std::uint64_t credit = 0;
    bool ticks = true;
    base::LogTime heard{};
  };
  using Sessions = std::unordered_map<std::string, Session>;

  LogDesk(zmq::socket_t socket, net::ConnectionWatch watch, std::string endpoint, Sequencer& sequencer,
          Counters& counters, telemetry::Log& log, net::Gate& gate)
      : socket_(std::move(socket)),
        watch_(std::move(watch)),
        endpoint_(std::move(endpoint)),
        sequencer_(&sequencer),
        counters_(&counters),
        log_(&log),
        gate_(&gate) {}

  void start(const std::string& id, const wire::LogRequest& request, base::LogTime now, Outbox& out);
  void refuse(const std::string& id, base::Code code, std::string_view message);
  void drop(Sessions::iterator session, base::LogTime now);
  net::Sent send_batch(const std::string& id, const Batch& batch);
  bool another_recorder_lives(const std::string& id, base::LogTime now);

  zmq::socket_t socket_;
  net::ConnectionWatch watch_;
  std::string endpoint_;
  Sequencer* sequencer_;
  Counters* counters_;
  telemetry::Log* log_;
  net::Gate* gate_;
  Sessions sessions_;
  std::vector<zmq::message_t> frames_;
  std::uint64_t ahead_of_ = 0;
  base::LogTime ahead_time_{};
};

}  // namespace lifesign::broker
