#include "net/connection_watch.h"

#include <fmt/format.h>

#include <cstring>

#include "net/socket.h"

namespace lifesign::net {
namespace {

constexpr int events_kept = 100'000;  // all that can come between two looks, or ZeroMQ's I/O thread would wait for us

}  // namespace

base::Result<ConnectionWatch> ConnectionWatch::of(zmq::context_t& context, zmq::socket_t& socket) {
  const std::string name = fmt::format("inproc://connections-{}", static_cast<const void*>(socket.handle()));
  if (::zmq_socket_monitor(socket.handle(), name.c_str(), ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED) != 0)
    return base::Error{base::Code::io_failed, fmt::format("cannot watch connections: {}", ::zmq_strerror(errno))};
  zmq::socket_t monitor(context, zmq::socket_type::pair);
  monitor.set(zmq::sockopt::linger, 0);
  monitor.set(zmq::sockopt::rcvhwm, events_kept);
  monitor.connect(name);
  return ConnectionWatch(std::move(monitor));
}

std::optional<ConnectionWatch::Event> ConnectionWatch::next() {
  std::size_t overrun = 0;
  while (receive(monitor_, frames_, 2, overrun)) {
    // Frame 0: u16 event, u32 value, both in the machine's order; the value is the descriptor.
    std::uint16_t number = 0;
    std::uint32_t value = 0;
    if (frames_[0].size() < sizeof number + sizeof value) continue;
    std::memcpy(&number, frames_[0].data(), sizeof number);
    std::memcpy(&value, static_cast<const char*>(frames_[0].data()) + sizeof number, sizeof value);
    if (number == ZMQ_EVENT_ACCEPTED || number == ZMQ_EVENT_DISCONNECTED)
      return Event{number == ZMQ_EVENT_ACCEPTED, static_cast<int>(value)};
  }
  return std::nullopt;
}

}  // namespace lifesign::net
