#include "connection.h"

#include <fmt/format.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "net/socket.h"
#include "wait.h"

namespace lifesign::sdk {

using base::Code;
using base::Error;

base::Result<std::unique_ptr<Connection>> Connection::open(const std::string& endpoint, base::Millis linger) {
  try {
    std::unique_ptr<Connection> self(new Connection);
    self->wake_fd_ = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (self->wake_fd_ < 0)
      return Error{Code::io_failed, fmt::format("cannot make an eventfd: {}", std::strerror(errno))};
    self->socket_ = net::make_socket(self->context_, net::Use::ingest_client);
    self->socket_.set(zmq::sockopt::linger, static_cast<int>(linger.count()));
    if (::zmq_socket_monitor(self->socket_.handle(), "inproc://monitor",
                             ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED) != 0)
      return Error{Code::io_failed, fmt::format("cannot watch the connection: {}", ::zmq_strerror(errno))};
    self->monitor_ = zmq::socket_t(self->context_, zmq::socket_type::pair);
    self->monitor_.set(zmq::sockopt::linger, 0);
    self->monitor_.connect("inproc://monitor");
    if (base::Status status = net::connect(self->socket_, endpoint); !status.ok()) return status.error();
    return self;
  } catch (const zmq::error_t& e) {
    return Error{Code::io_failed, fmt::format("cannot make a socket for {}: {}", endpoint, e.what())};
  }
}

Connection::~Connection() {
  if (wake_fd_ >= 0) ::close(wake_fd_);
}

void Connection::wait(base::Micros at_most) {
  zmq::pollitem_t items[] = {
      {socket_.handle(), 0, ZMQ_POLLIN, 0}, {monitor_.handle(), 0, ZMQ_POLLIN, 0}, {nullptr, wake_fd_, ZMQ_POLLIN, 0}};
  wait_on(items, at_most);
  std::uint64_t count = 0;
  if ((items[2].revents & ZMQ_POLLIN) != 0) [[maybe_unused]]
    const auto got = ::read(wake_fd_, &count, sizeof count);
}

void Connection::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto put = ::write(wake_fd_, &one, sizeof one);  // full only if a wake is pending anyway
}

std::vector<bool> Connection::changes() {
  std::vector<bool> out;
  std::size_t overrun = 0;
  while (net::receive(monitor_, frames_, 2, overrun)) {
    std::uint16_t event = 0;
    if (frames_[0].size() < sizeof event) continue;
    std::memcpy(&event, frames_[0].data(), sizeof event);
    out.push_back(event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED);
  }
  return out;
}

void Connection::set_linger(base::Millis linger) {
  socket_.set(zmq::sockopt::linger, static_cast<int>(linger.count()));
}

bool Connection::send(std::string_view header, std::string_view body) {
  return net::send(socket_, {header, body});
}

bool Connection::receive(zmq::message_t& out) {
  std::size_t overrun = 0;
  if (!net::receive(socket_, frames_, 1, overrun)) return false;
  out = overrun ? zmq::message_t() : std::move(frames_[0]);
  return true;
}

}  // namespace lifesign::sdk
