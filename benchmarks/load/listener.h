// The other end: a subscriber of the events, and a reader of the log where there is a token for it. One thread.
//
// Beats are counted where they come out: in the log feed, which carries all of them by batches, or as single
// heartbeat.received events. Timeouts are kept as they came; which of them are true is judged when the run is over.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "base/error.h"
#include "load/clock.h"
#include "load/counts.h"
#include "load/histogram.h"
#include "load/messages.h"
#include "wire/reader.h"

namespace lifesign::load {

struct Feeds {
  std::string events, log;  // endpoints; empty: not read
  std::string token;        // for the log
  std::string prefix;       // of our agents' ids
  bool beats_as_events = false;
};

struct Timeout {
  std::uint32_t agent = 0;
  base::Micros deadline{0}, received{0};  // since the clock's start
};

class Listener {
 public:
  // `messages` is only asked for the numbers of agents.
  Listener(Feeds feeds, const Messages& messages, const Clock& clock);

  // Connects, and waits until both feeds have begun. timed_out: one did not within 10 s; not_allowed: a wrong token.
  base::Status start();
  void run(const Span& span, const std::atomic<bool>& stop);

  const ReceiveCounts& counts() const { return counts_; }
  // After run() has ended:
  const Histogram& e2e_us() const { return e2e_us_; }
  const std::vector<Timeout>& timeouts() const { return timeouts_; }
  std::uint64_t recovered() const { return recovered_; }
  std::uint64_t blind() const { return blind_; }
  const std::string& log_error() const { return log_error_; }

 private:
  void start_log();
  bool read_events();
  bool read_log();
  void event(std::string_view topic, wire::Bytes map);
  void batch(wire::Bytes header, wire::Bytes payload);
  void beat_came(std::uint64_t sent_at, base::Micros now);
  void read_for(base::Micros most);

  Feeds feeds_;
  const Messages& messages_;
  const Clock& clock_;
  zmq::context_t context_;
  zmq::socket_t events_, log_;
  std::vector<zmq::message_t> frames_;
  Span span_;
  ReceiveCounts counts_;
  Histogram e2e_us_;
  std::vector<Timeout> timeouts_;
  std::uint64_t recovered_ = 0, blind_ = 0;
  bool events_began_ = false, log_began_ = false;
  std::string log_error_;
  std::uint64_t unpaid_ = 0;  // bytes of the log read since credit was granted
  base::Micros paid_{0};
  struct Held {
    std::uint64_t next_seq, beats;
  };
  std::deque<Held> unrecorded_;  // batches above the watermark, with their beats of ours
};

}  // namespace lifesign::load
