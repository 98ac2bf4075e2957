#include "broker/ingest_intake.h"

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
                                              std::string_view option, net::Gate& gate) {
  zmq::socket_t socket = net::make_socket(context, net::Use::ingest_server);
  base::Result<net::ConnectionWatch> watch = net::ConnectionWatch::of(context, socket);
  if (!watch.ok()) return watch.error();
  base::Result<std::string> bound = net::bind(socket, endpoint, option);
  if (!bound.ok()) return bound.error();
  return IngestIntake(std::move(socket), std::move(watch).value(), std::move(bound).value(), gate);
}

bool IngestIntake::next(Request& request, base::Status& error) {
  constexpr std::size_t frames = 3;  // routing id, header, body
  std::size_t overrun = 0;
  error = {};
  if (!net::receive(socket_, frames_, frames, overrun)) return false;
  request = Request{};
  request.from = net::view(frames_[0]);
  request.connection = connection_number(request.from);
  const Connections::Connection* known = connections_.find(request.connection);
  if (known == nullptr && frames_.size() >= 2) {
    ++opened_;
    const int fd = ::zmq_msg_get(frames_[1].handle(), ZMQ_SRCFD);
    known = connections_.opened(request.connection, fd, peer_address(frames_[1]));
  }
  if (known != nullptr) {
    request.peer = known->peer;
    gate_->delivered(known->fd, overrun);
  }
  request.frames_dropped = overrun;
  if (frames_.size() >= 2) error = wire::read_ingest_header(net::view(frames_[1]), request.header);
  if (frames_.size() != frames || overrun)
    error = Error{Code::bad_message, "a request is two frames, a header and a body; this one has another number"};
  if (error.ok()) request.body = net::view(frames_[2]);
  return true;
}

void IngestIntake::watch() {
  while (const auto event = watch_.next()) {
    gate_->told(*event);
    if (!event->opened) told_closed_.push_back(event->fd);
  }
}

std::vector<std::uint32_t> IngestIntake::closed() {
  for (const int fd : closed_fds_) connections_.fd_closed(fd);
  closed_fds_ = std::exchange(told_closed_, {});
  return connections_.take_closed();
}

bool IngestIntake::reply(const OutgoingReplies& replies) {
  return net::send(socket_, {replies.to, replies.bytes});
}

}  // namespace lifesign::broker
