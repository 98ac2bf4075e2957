// The recorder's end of the log feed: keeps a session with the broker, hands out its batches in order, without a hole
// that nobody spoke of, and grants credit.
//
//   state     | tick                        | batch                    | error frame | disconnected | 3 s of silence
//   away      | `start` every 500 ms        | -> streaming, taken      | said        |              |
//   streaming | credit; sign of life in 10 s| taken, or hole: -> away  | -> away     | -> away      | -> away
//
// While it is away, the endpoint is looked up again: a broker may come back elsewhere. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "base/time.h"
#include "telemetry/log.h"
#include "wire/log.h"

namespace lifesign::recorder {

class LogIntake {
 public:
  struct Options {
    std::function<std::string()> endpoint;  // where the broker's log is, as of now
    std::string token;
    std::uint64_t window = 4 << 20;  // most bytes of credit at once
  };
  // What the intake must know of the rest at each tick.
  struct Progress {
    std::uint64_t held = 0;       // last seq that was taken
    std::uint64_t durable = 0;    // last seq on disk
    std::uint64_t held_time = 0;  // log time there, in µs
    std::uint64_t room = 0;       // bytes that the writer's queue still takes
  };
  struct Counters {
    std::uint64_t sessions = 0, batches = 0, payload_bytes = 0, log_gaps = 0, protocol_errors = 0;
  };
  struct Batch {
    wire::BatchHeader header;
    wire::Bytes payload;  // lives until the next call
  };

  // `broker_run`: of what is held already, 0 if nothing is.
  LogIntake(zmq::context_t& context, Options options, std::uint64_t broker_run, telemetry::Log& log);
  ~LogIntake();

  // Sends what is due: start, credit, recorded. `now` is monotonic.
  void tick(const Progress& progress, base::Micros now);
  // The next batch that holds something past `held`. Never waits.
  std::optional<Batch> next(std::uint64_t held, base::Micros now);
  // The batch just handed out could not be used: says so and starts again.
  void reject(std::string_view why);

  bool streaming() const { return streaming_; }
  const Counters& counters() const { return counters_; }
  // To poll for reading: the feed, and a monitor of its connection.
  void* feed() { return socket_->handle(); }
  void* monitor() { return monitor_->handle(); }

 private:
  void open(const std::string& endpoint);
  void close();
  void start(const Progress& progress, base::Micros now);
  void leave();
  bool follows(const wire::BatchHeader& header, std::uint64_t held);
  void refused(wire::Bytes frame);
  bool send(const wire::LogRequest& request, base::Micros now);
  void complain(base::Micros now, std::string_view what);

  zmq::context_t& context_;
  const Options options_;
  telemetry::Log& log_;
  std::string endpoint_;
  std::optional<zmq::socket_t> socket_, monitor_;
  std::vector<zmq::message_t> frames_;
  Counters counters_;
  telemetry::RateLimit faults_;

  std::uint64_t opened_ = 0;
  bool streaming_ = false;
  bool fresh_ = false;  // no batch yet since `start`: a hole here is one that the broker tells by log.gap
  bool stale_ = false;  // the socket has been used by a session that ended
  std::uint64_t run_;
  std::uint64_t outstanding_ = 0;  // credit granted and not used, as the broker counts it
  std::uint64_t told_ = 0;         // last seq reported as recorded
  base::Micros started_{0};        // last `start`
  base::Micros heard_{0};
  base::Micros spoke_{0};
};

}  // namespace lifesign::recorder
