#include "broker/events_outlet.h"

#include "net/socket.h"

namespace lifesign::broker {

base::Result<EventsOutlet> EventsOutlet::bind(zmq::context_t& context, const std::string& endpoint,
                                              std::string_view option) {
  zmq::socket_t socket = net::make_socket(context, net::Use::events_server);
  base::Result<std::string> bound = net::bind(socket, endpoint, option);
  if (!bound.ok()) return bound.error();
  return EventsOutlet(std::move(socket), std::move(bound).value());
}

void EventsOutlet::publish(const std::vector<OutgoingEvent>& events) {
  for (const OutgoingEvent& event : events) net::send(socket_, {event.topic, event.map});
}

void EventsOutlet::subscriptions(BeatTopics& topics, std::size_t max) {
  bool overrun = false;
  for (std::size_t i = 0; i < max && net::receive(socket_, frames_, 1, overrun); ++i)
    topics.apply(net::view(frames_[0]));
}

}  // namespace lifesign::broker
