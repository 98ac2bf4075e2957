// Publishes events on XPUB and hears of subscriptions.
#pragma once

#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "base/error.h"
#include "broker/beat_topics.h"
#include "broker/message.h"

namespace lifesign::broker {

class EventsOutlet {
 public:
  static base::Result<EventsOutlet> bind(zmq::context_t& context, const std::string& endpoint, std::string_view option);

  // XPUB drops in silence for subscribers that are full; `prev` and ticks let them see it.
  void publish(const std::vector<OutgoingEvent>& events);
  // Reads subscriptions, at most `max` of them.
  void subscriptions(BeatTopics& topics, std::size_t max);

  zmq::socket_t& socket() { return socket_; }
  const std::string& endpoint() const { return endpoint_; }

 private:
  EventsOutlet(zmq::socket_t socket, std::string endpoint)
      : socket_(std::move(socket)), endpoint_(std::move(endpoint)) {}
  zmq::socket_t socket_;
  std::string endpoint_;
  std::vector<zmq::message_t> frames_;
};

}  // namespace lifesign::broker
