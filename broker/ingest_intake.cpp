#include "broker/ingest_intake.h"

#include <cstring>

#include "net/socket.h"

namespace lifesign::broker {
namespace {

using base::Code;
using base::Error;

std::string peer_address(const zmq::message_t& frame) {
  // Absent on ipc.
  const char* address = ::zmq_msg_gets(const_cast<zmq::message_t&>(frame).handle(), "Peer-Address");
  return address == nullptr ? std::string() : std::string(address);
}

}  // namespace

base::Result<IngestIntake> IngestIntake::bind(zmq::context_t& context, const std::string& endpoint,
                                              std::string_view option) {
  zmq::socket_t socket = net::make_socket(context, net::Use::ingest_server);
  base::Result<std::string> bound = net::bind(socket, endpoint, option);
  if (!bound.ok()) return bound.error();
  static constexpr const char* monitor_name = "inproc://ingest-monitor";
  if (::zmq_socket_monitor(socket.handle(), monitor_name, ZMQ_EVENT_DISCONNECTED) != 0)
    return Error{Code::io_failed, std::string("cannot watch connections: ") + ::zmq_strerror(::zmq_errno())};
  zmq::socket_t monitor(context, zmq::socket_type::pair);
  monitor.set(zmq::sockopt::linger, 0);
  monitor.connect(monitor_name);
  return IngestIntake(std::move(socket), std::move(monitor), std::move(bound).value());
}

bool IngestIntake::next(Request& request, base::Status& error) {
  constexpr std::size_t frames = 3;  // routing id, header, body
  bool overrun = false;
  error = {};
  if (!net::receive(socket_, frames_, frames, overrun)) return false;
  request = Request{};
  request.from = net::view(frames_[0]);
  request.connection = connection_number(request.from);
  if (frames_.size() >= 2 && !connections_.knows(request.connection)) {
    ++opened_;
    connections_.opened(request.connection, ::zmq_msg_get(frames_[1].handle(), ZMQ_SRCFD), peer_address(frames_[1]));
  }
  request.peer = connections_.peer(request.connection);
  if (frames_.size() >= 2) error = wire::read_ingest_header(net::view(frames_[1]), request.header);
  if (frames_.size() != frames || overrun)
    error = Error{Code::bad_message, "a request is two frames, a header and a body; this one has another number"};
  if (error.ok()) request.body = net::view(frames_[2]);
  return true;
}

std::vector<std::uint32_t> IngestIntake::closed() {
  for (const int fd : closed_fds_) connections_.fd_closed(fd);
  closed_fds_.clear();
  std::vector<zmq::message_t> event;
  bool overrun = false;
  while (net::receive(monitor_, event, 2, overrun)) {
    // Frame 0: u16 event, u32 value, both in the machine's order; the value is the descriptor.
    if (event.empty() || event[0].size() < 6) continue;
    std::uint16_t number = 0;
    std::uint32_t value = 0;
    std::memcpy(&number, event[0].data(), sizeof number);
    std::memcpy(&value, static_cast<const char*>(event[0].data()) + 2, sizeof value);
    if (number == ZMQ_EVENT_DISCONNECTED) closed_fds_.push_back(static_cast<int>(value));
  }
  return connections_.take_closed();
}

bool IngestIntake::reply(const OutgoingReplies& replies) {
  return net::send(socket_, {replies.to, replies.bytes});
}

}  // namespace lifesign::broker
