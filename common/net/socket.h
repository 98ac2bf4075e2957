// The one place where ZeroMQ sockets are made: every bound is set here, since ZeroMQ's own defaults are unlimited
// messages and an endless linger.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "base/error.h"

namespace lifesign::net {

enum class Use {
  ingest_server,  // ROUTER, mandatory
  ingest_client,  // DEALER, immediate
  log_server,     // ROUTER, mandatory
  log_client,     // DEALER, immediate
  query_server,   // ROUTER, mandatory
  query_client,   // DEALER, immediate
  events_server,  // XPUB
  events_client,  // SUB
};

zmq::socket_t make_socket(zmq::context_t& context, Use use);

// Loopback, ipc or inproc: all that is bound to until keys exist, and all that a tool may be pointed at.
bool is_local(const std::string& endpoint);

// Binds to loopback or ipc and returns the endpoint in use (a wildcard port filled in). Anything but loopback or
// ipc is refused until keys exist. `option` names the setting that moves the endpoint, for the message. An error on
// a taken port names the port, the process that holds it where that can be seen, and the option.
base::Result<std::string> bind(zmq::socket_t& socket, const std::string& endpoint, std::string_view option);
base::Status connect(zmq::socket_t& socket, const std::string& endpoint);

// Sends all frames or none, without waiting. `full`: the peer's queue is full, try later; `gone`: a ROUTER has no such
// peer (any more).
enum class Sent { ok, full, gone };
Sent try_send(zmq::socket_t& socket, std::vector<zmq::message_t>& frames);
// True: sent.
bool send(zmq::socket_t& socket, std::vector<zmq::message_t>& frames);
bool send(zmq::socket_t& socket, std::initializer_list<std::string_view> frames);

// Receives one message without waiting. False: there is none. More than `max_frames` are read and dropped: `frames`
// holds the first `max_frames`, and `overrun` is how many there were more.
bool receive(zmq::socket_t& socket, std::vector<zmq::message_t>& frames, std::size_t max_frames, std::size_t& overrun);

inline std::string_view view(const zmq::message_t& m) {
  return {static_cast<const char*>(m.data()), m.size()};
}

}  // namespace lifesign::net
