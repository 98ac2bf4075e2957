// Who listens on a local TCP port, by /proc: for the message when a port is taken.
#pragma once

#include <string>

namespace lifesign::net {

// "pid 4711 (lifesign-broker)"; empty if it can't be seen (another user's process).
std::string port_holder(int port);

}  // namespace lifesign::net
