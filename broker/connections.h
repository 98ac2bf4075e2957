// Which connections there are on ingest: a number for the log, the peer's address, and the moment one closes.
//
// ZeroMQ tells of closed connections by file descriptor, on a monitor socket; a message tells its descriptor too. A
// descriptor is used again by later connections, so what is told late must not close the wrong one. Pure; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace lifesign::broker {

// The number of a connection, from the routing id that the ROUTER gave it (byte 0, then a big-endian u32). Never 0.
std::uint32_t connection_number(std::string_view routing_id);

class Connections {
 public:
  struct Connection {
    int fd = -1;
    std::string peer;
  };
  const Connection* find(std::uint32_t connection) const;  // null: not known yet; good until it closes
  // A message came by a connection not known yet. An older connection on the same descriptor is over: into
  // take_closed().
  const Connection* opened(std::uint32_t connection, int fd, std::string peer);
  // The monitor says that `fd` closed. Call it only after ingest was drained since the monitor was read.
  void fd_closed(int fd);

  std::size_t size() const { return by_number_.size(); }
  // Those that closed since the last call.
  std::vector<std::uint32_t> take_closed();

 private:
  struct Descriptor {
    std::uint32_t connection = 0;
    unsigned stale = 0;  // how many closings are still to be told of older connections
  };
  void close(std::uint32_t connection);

  std::unordered_map<std::uint32_t, Connection> by_number_;
  std::unordered_map<int, Descriptor> by_fd_;
  std::vector<std::uint32_t> closed_;
};

}  // namespace lifesign::broker
