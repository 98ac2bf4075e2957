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

namespace lifesign::broker {

class IngestIntake {
 public:
  // Binds; `option` names the setting for the message when it can't.
  static base::Result<IngestIntake> bind(zmq::context_t& context, const std::string& endpoint, std::string_view option);

  // One message, without waiting. False: there is none, and ingest is drained. `request` holds views into this object
  // until the next call. A message that is no request leaves `error` set, and request.from and header.corr as far as
  // read.
  bool next(Request& request, base::Status& error);

  // Reads what the monitor has to say; what it said at the call before is applied now, since ingest was drained in
  // between. Then the connections that closed.
  std::vector<std::uint32_t> closed();

  bool reply(const OutgoingReplies& replies);  // false: the peer is gone or its queue is full

  zmq::socket_t& socket() { return socket_; }
  zmq::socket_t& monitor() { return monitor_; }
  const std::string& endpoint() const { return endpoint_; }
  const Connections& connections() const { return connections_; }
  std::uint64_t opened() const { return opened_; }

 private:
  IngestIntake(zmq::socket_t socket, zmq::socket_t monitor, std::string endpoint)
      : socket_(std::move(socket)), monitor_(std::move(monitor)), endpoint_(std::move(endpoint)) {}

  zmq::socket_t socket_;
  zmq::socket_t monitor_;
  std::string endpoint_;
  std::vector<zmq::message_t> frames_;
  Connections connections_;
  std::vector<int> closed_fds_;
  std::uint64_t opened_ = 0;
};

}  // namespace lifesign::broker
