// Publishes events on XPUB and hears of subscriptions, which it holds to their bounds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "base/error.h"
#include "broker/beat_topics.h"
#include "broker/message.h"
#include "broker/subscribers.h"
#include "net/connection_watch.h"
#include "net/gate.h"

namespace lifesign::broker {

class EventsOutlet {
 public:
  static base::Result<EventsOutlet> bind(zmq::context_t& context, const std::string& endpoint, std::string_view option,
                                         net::Gate& gate);

  // XPUB drops in silence for subscribers that are full; `prev` and ticks let them see it.
  void publish(const std::vector<OutgoingEvent>& events);
  // Reads which connections came and went, then subscriptions, at most `max` of them.
  void subscriptions(BeatTopics& topics, std::size_t max);

  zmq::socket_t& socket() { return socket_; }
  const std::string& endpoint() const { return endpoint_; }
  std::size_t held() const { return subscribers_.size(); }  // subscriptions
  std::uint64_t cut() const { return cut_; }                // connections closed for what they subscribed to

 private:
  EventsOutlet(zmq::socket_t socket, net::ConnectionWatch watch, std::string endpoint, net::Gate& gate);
  void watch();
  void take(const zmq::message_t& frame, BeatTopics& topics);
  const void* connection_of(const zmq::message_t& frame, int fd);

  zmq::socket_t socket_;
  net::ConnectionWatch watch_;
  std::string endpoint_;
  net::Gate* gate_;
  Subscribers subscribers_;
  std::uint64_t cut_ = 0;
};

}  // namespace lifesign::broker
