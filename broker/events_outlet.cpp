#include "broker/events_outlet.h"

#include "net/socket.h"
#include "wire/limits.h"

namespace lifesign::broker {
namespace {

// Where the connection of a message says its descriptor. The text lives as long as the connection or any of its
// messages, so its address tells one connection from another, which its descriptor does not.
const char* descriptor_of(const zmq::message_t& frame) {
  return ::zmq_msg_gets(const_cast<zmq::message_t&>(frame).handle(), "__fd");
}

}  // namespace

EventsOutlet::EventsOutlet(zmq::socket_t socket, net::ConnectionWatch watch, std::string endpoint, net::Gate& gate)
    : socket_(std::move(socket)),
      watch_(std::move(watch)),
      endpoint_(std::move(endpoint)),
      gate_(&gate),
      subscribers_(wire::limits::topics_per_subscriber, wire::limits::topics_in_all) {}

base::Result<EventsOutlet> EventsOutlet::bind(zmq::context_t& context, const std::string& endpoint,
                                              std::string_view option, net::Gate& gate) {
  zmq::socket_t socket = net::make_socket(context, net::Use::events_server);
  base::Result<net::ConnectionWatch> watch = net::ConnectionWatch::of(context, socket);
  if (!watch.ok()) return watch.error();
  base::Result<std::string> bound = net::bind(socket, endpoint, option);
  if (!bound.ok()) return bound.error();
  return EventsOutlet(std::move(socket), std::move(watch).value(), std::move(bound).value(), gate);
}

void EventsOutlet::publish(const std::vector<OutgoingEvent>& events) {
  for (const OutgoingEvent& event : events) net::send(socket_, {event.topic, event.map});
}

void EventsOutlet::watch() {
  while (const auto event = watch_.next()) {
    gate_->told(*event);
    if (!event->opened) subscribers_.closed(event->fd);
  }
}

void EventsOutlet::subscriptions(BeatTopics& topics, std::size_t max) {
  watch();
  for (std::size_t i = 0; i < max; ++i) {
    // Frame by frame: what a subscriber sends need not be whole messages here, since XPUB takes out what it uses
    // itself.
    zmq::message_t frame;
    if (!socket_.recv(frame, zmq::recv_flags::dontwait)) return subscribers_.drained();
    take(frame, topics);
  }
}

void EventsOutlet::take(const zmq::message_t& frame, BeatTopics& topics) {
  const std::string_view message = net::view(frame);
  const bool is_subscription = !message.empty() && (message[0] == 0 || message[0] == 1);
  const std::string_view topic = message.substr(is_subscription ? 1 : 0);
  const int fd = ::zmq_msg_get(const_cast<zmq::message_t&>(frame).handle(), ZMQ_SRCFD);
  Subscribers::Edge edge = Subscribers::Edge::none;
  bool bad = !is_subscription || topic.size() > wire::limits::topic_bytes;
  if (descriptor_of(frame) == nullptr) {  // told by XPUB itself, of a connection that closed
    edge = subscribers_.left(topic);
  } else {
    gate_->delivered(fd);
    const void* const connection = connection_of(frame, fd);
    if (is_subscription) edge = subscribers_.said(connection, message[0] == 1, topic);
    bad = bad || subscribers_.over(connection);
    if (bad && subscribers_.cut(connection)) {
      ++cut_;
      net::Gate::shut(fd);
    }
  }
  if (edge == Subscribers::Edge::none) return;
  topics.apply(std::string(1, edge == Subscribers::Edge::first ? '\1' : '\0').append(topic));
}

const void* EventsOutlet::connection_of(const zmq::message_t& frame, int fd) {
  const void* const connection = descriptor_of(frame);
  if (subscribers_.knows(connection)) return connection;
  watch();  // an end of an earlier connection on this descriptor was told before
  auto pin = std::make_shared<zmq::message_t>();
  pin->copy(const_cast<zmq::message_t&>(frame));
  subscribers_.add(connection, fd, std::move(pin));
  return connection;
}

}  // namespace lifesign::broker
