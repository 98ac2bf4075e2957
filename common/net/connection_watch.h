// Tells of the connections that a server's socket takes and loses, by their file descriptors.
//
// ZeroMQ's I/O thread waits where nobody reads what it has to tell, so whoever watches reads often. One thread.
#pragma once

#include <optional>
#include <vector>
#include <zmq.hpp>

#include "base/error.h"

namespace lifesign::net {

class ConnectionWatch {
 public:
  // Before `socket` is bound, so that no connection is missed.
  static base::Result<ConnectionWatch> of(zmq::context_t& context, zmq::socket_t& socket);

  struct Event {
    bool opened = false;  // else closed
    int fd = -1;          // may be another connection's by now
  };
  // The next event, in order, without waiting.
  std::optional<Event> next();

  zmq::socket_t& socket() { return monitor_; }  // to poll for reading

 private:
  explicit ConnectionWatch(zmq::socket_t monitor) : monitor_(std::move(monitor)) {}

  zmq::socket_t monitor_;
  std::vector<zmq::message_t> frames_;
};

}  // namespace lifesign::net
