// The watchdog's end of the log feed: one session with the broker, batches in order, credit given back as they are
// used. It says when the log can't be followed any further and the state must be rebuilt from a snapshot.
//
//   state     | poll                     | batch that follows      | batch that does not | refused       | silence 3 s
//   idle      |                          |                         |                     |               |
//   starting  | `start` every 500 ms     | -> streaming, handed out| -> idle, lost       | -> idle, lost |
//   streaming | credit; life sign in 10 s| handed out              | -> idle, lost       | -> idle, lost | -> starting
//
// A connection that breaks leads to `start` at the next seq: the broker's ring makes a short absence good. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "base/time.h"
#include "telemetry/log.h"
#include "wire/log.h"

namespace lifesign::watchdog {

class LogIntake {
 public:
  using Endpoint = std::function<std::string()>;  // where the broker's log is, as of now

  struct Batch {
    wire::BatchHeader header;
    wire::Bytes payload;  // lives until the next call
  };

  LogIntake(zmq::context_t& context, Endpoint endpoint, std::string token, telemetry::Log& log);
  ~LogIntake();

  // Follow the log from `from_seq` on, whichever run the broker is in.
  void follow(std::uint64_t from_seq);
  void stop();
  // Sends what is due. `now` is monotonic.
  void tick(base::Micros now);
  // The next batch, if there is one; never waits. `next_seq`: the first seq that is lacked.
  std::optional<Batch> next(std::uint64_t next_seq, base::Micros now);
  // Why the log can't be followed any further; "" while it can. Cleared by follow().
  const std::string& lost() const { return lost_; }

  bool streaming() const { return state_ == State::streaming; }
  zmq::socket_t& socket() { return *socket_; }

 private:
  enum class State : std::uint8_t { idle, starting, streaming };

  void open();
  void close();
  void restart();
  void lose(std::string why);
  void send_start(base::Micros now);
  bool send(const wire::LogRequest& request, base::Micros now);
  bool accept(const Batch& batch, std::uint64_t next_seq);
  void refused(wire::Bytes frame, base::Micros now);

  zmq::context_t& context_;
  const Endpoint endpoint_of_;
  const std::string token_;
  telemetry::Log& log_;
  std::optional<zmq::socket_t> socket_, monitor_;
  std::vector<zmq::message_t> frames_;
  telemetry::RateLimit faults_;

  std::uint64_t opened_ = 0;  // sockets made so far
  State state_ = State::idle;
  std::string lost_;
  std::uint64_t from_seq_ = 0;
  std::uint64_t run_ = 0;   // 0: whichever comes
  std::uint64_t used_ = 0;  // bytes used and not granted again yet
  bool started_ = false;    // `start` went out on this socket
  base::Micros tried_{0};   // last `start`, or attempt at one
  base::Micros heard_{0};
  base::Micros spoke_{0};
};

}  // namespace lifesign::watchdog
