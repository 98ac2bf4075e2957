// Sends the load and takes the answers: one thread for all connections.
//
// One ROUTER socket dials every connection: to the broker it is as many clients as it has connections, and here there
// is one queue to read and nothing to poll for each of them. (A DEALER for each costs a poll of all of them, or an
// epoll of their descriptors and a read of each that wakes.)
//
// With a rate a message's latency counts from when it should have been sent, so that a system that stands still is
// charged for what it held up. Without one it counts from when it was sent.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "base/error.h"
#include "load/clock.h"
#include "load/counts.h"
#include "load/histogram.h"
#include "load/messages.h"
#include "load/options.h"
#include "load/plan.h"
#include "load/silences.h"
#include "load/window.h"
#include "wire/ingest.h"

namespace lifesign::load {

class Generator {
 public:
  // All references must outlive it. `messages` is used by this thread alone while it runs.
  Generator(const Options& options, const Plan& plan, Messages& messages, const Clock& clock);

  // Opens the connections and waits until the broker has answered on each. timed_out: it did not within 10 s.
  base::Status connect(const std::string& endpoint);
  // Sends from span.from to span.to or until `stop`, then waits for the answers, at most 10 s.
  void run(const Span& span, const std::atomic<bool>& stop);
  // Says goodbye for every agent, so that a running system does not report them as dead.
  void say_goodbye();

  const SendCounts& counts() const { return counts_; }
  // After run() has ended:
  const Histogram& ack_us() const { return ack_us_; }
  Silences& silences() { return silences_; }
  const std::map<std::string, std::uint64_t>& refusals() const { return refusals_; }  // messages by error code
  std::uint64_t last_seq() const { return last_seq_; }  // of the last beat that an answer told of

 private:
  struct Connection {
    Window window;
    std::uint32_t cursor = 0;         // the next group, without a rate
    base::Micros not_before{0};       // the broker said to wait
    std::vector<std::uint32_t> held;  // groups whose turn came while the window was full; from `held_at` on
    std::size_t held_at = 0;
    bool listed = false;  // in free_ or holding_
  };
  struct GroupState {
    std::uint64_t turn = 0;  // the next one; with a rate those of a silence are left out
    std::uint64_t sent = 0;  // so that the next run_seq is one more
  };
  struct Turn {
    base::Micros due;
    std::uint32_t group;
    bool operator>(const Turn& other) const { return due > other.due; }
  };

  bool read_answers();
  void take(std::uint32_t connection, std::string_view frame);
  void take(std::uint32_t connection, const wire::Reply& reply);
  bool send_free(base::Micros now);
  bool send_due(base::Micros now);
  bool send_held(base::Micros now);
  base::Micros due_of(std::uint32_t group) const { return span_.from + plan_.due(group, groups_[group].turn); }
  void push_turn(std::uint32_t group);
  bool paced() const { return options_.rate != 0 || options_.rate_is_interval; }
  bool send(std::uint32_t connection, std::uint32_t group, base::Micros due, base::Micros now);
  bool send_frames(std::uint32_t connection, std::string_view header, std::string_view body);
  bool ask_status();  // on every connection; true: all have answered
  bool wait_until(const std::function<bool()>& condition, base::Micros most);
  void give_up_old(base::Micros now);
  base::Micros wait_for(base::Micros now) const;
  void rest(base::Micros most) const;

  const Options& options_;
  const Plan& plan_;
  Messages& messages_;
  const Clock& clock_;
  zmq::context_t context_;
  zmq::socket_t socket_;
  int fd_;
  std::vector<Connection> connections_;
  std::vector<GroupState> groups_;
  std::vector<std::uint32_t> free_;     // without a rate: connections that may have room
  std::vector<Turn> heap_;              // with a rate: the next turn of each group that is not held
  std::vector<std::uint32_t> holding_;  // with a rate: connections that hold groups
  Span span_;
  SendCounts counts_;
  Histogram ack_us_;
  Silences silences_;
  std::map<std::string, std::uint64_t> refusals_;
  std::uint64_t last_seq_ = 0;
  std::uint32_t status_answers_ = 0;
  base::Micros looked_{0};
};

}  // namespace lifesign::load
