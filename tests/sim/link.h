// One connection between two processes, as ZeroMQ over TCP gives it: messages arrive whole and in order, late, or not
// at all once it is cut. What was under way is lost then, and each side notices in its own time (half-open until then).
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>

#include "sim/random.h"
#include "sim/timeline.h"

namespace lifesign::sim {

struct Message {
  std::string head;
  std::shared_ptr<const std::string> body;  // null: a message of one frame
};

enum class Side : std::size_t { client, server };

class Link {
 public:
  // What a side does with what comes. A process that dies takes its ends away.
  struct End {
    std::function<void(const Message&)> receive;
    std::function<void()> lost;
  };

  Link(Timeline& timeline, Random random, std::uint32_t number, Micros delay)
      : timeline_(timeline), random_(random), number_(number), delay_(delay) {}

  std::uint32_t number() const { return number_; }
  End& end(Side side) { return ends_[static_cast<std::size_t>(side)]; }
  bool is_cut() const { return cut_; }
  void set_delay(Micros delay) { delay_ = delay; }

  // Towards `to`. Sent into a connection that is cut it goes nowhere.
  void send(const std::shared_ptr<Link>& self, Side to, Message message);
  // `notice`: how long after it the client and the server find out.
  void cut(const std::shared_ptr<Link>& self, Micros client_notices, Micros server_notices);
  void leave(Side side) { end(side) = {}; }

 private:
  Timeline& timeline_;
  Random random_;
  const std::uint32_t number_;
  Micros delay_;  // at most; each message takes part of it
  bool cut_ = false;
  std::array<End, 2> ends_;
  std::array<Micros, 2> arrived_{};  // when the last message towards that side arrives: none overtakes another
};

using LinkPtr = std::shared_ptr<Link>;

}  // namespace lifesign::sim
