// Reads the ingest ROUTER: frames into requests, connections and their ends.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "base/error.h"
#include "broker/connections.h"
#include "broker/message.h"
#include "net/connection_watch.h"
#include "net/gate.h"

namespace lifesign::broker {

class IngestIntake {
 public:
  // Binds; `option` names the setting for the message when it can't.
  static base::Result<IngestIntake> bind(zmq::context_t& context, const std::string& endpoint, std::string_view option,
                                         net::Gate& gate);

  // One message, without waiting. False: there is none, and ingest is drained. `request` holds views into this object
  // until the next call. A message that is no request leaves `error` set, and request.from and header.corr as far as
  // read.
  bool next(Request& request, base::Status& error);

  // Reads which connections came and went, for the gate. At the head of each cycle.
  void watch();
  // When ingest is drained: the connections that closed. What was read before the call before is applied now, since
  // ingest was drained in between.
  std::vector<std::uint32_t> closed();

  bool reply(const OutgoingReplies& replies);  // false: the peer is gone or its queue is full

  zmq::socket_t& socket() { return socket_; }
  zmq::socket_t& monitor() { return watch_.socket(); }
  const std::string& endpoint() const { return endpoint_; }
  const Connections& connections() const { return connections_; }
  std::uint64_t opened() const { return opened_; }

 private:
  IngestIntake(zmq::socket_t socket, net::ConnectionWatch watch, std::string endpoint, net::Gate& gate)
      : socket_(std::move(socket)), watch_(std::move(watch)), endpoint_(std::move(endpoint)), gate_(&gate) {}

  zmq::socket_t socket_;
  net::ConnectionWatch watch_;
  std::string endpoint_;
  net::Gate* gate_;
  std::vector<zmq::message_t> frames_;
  Connections connections_;
  std::vector<int> told_closed_, closed_fds_;  // since the latest drained moment; before it
  std::uint64_t opened_ = 0;
};

}  // namespace lifesign::broker
