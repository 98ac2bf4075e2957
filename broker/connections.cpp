#include "broker/connections.h"

#include <utility>

namespace lifesign::broker {

std::uint32_t connection_number(std::string_view routing_id) {
  std::uint32_t number = 0;
  if (routing_id.size() == 5 && routing_id[0] == 0) {
    for (const char c : routing_id.substr(1)) number = number << 8 | static_cast<unsigned char>(c);
  } else {
    number = 2166136261u;  // FNV-1a, for a peer that chose its routing id against our advice
    for (const char c : routing_id) number = (number ^ static_cast<unsigned char>(c)) * 16777619u;
  }
  return number == 0 ? 0xFFFFFFFFu : number;
}

const Connections::Connection* Connections::opened(std::uint32_t connection, int fd, std::string peer) {
  if (fd >= 0) {
    Descriptor& descriptor = by_fd_[fd];
    if (descriptor.connection != 0) {
      close(descriptor.connection);
      ++descriptor.stale;
    }
    descriptor.connection = connection;
  }
  Connection& known = by_number_[connection];
  known = {fd, std::move(peer)};
  return &known;
}

const Connections::Connection* Connections::find(std::uint32_t connection) const {
  const auto found = by_number_.find(connection);
  return found == by_number_.end() ? nullptr : &found->second;
}

void Connections::fd_closed(int fd) {
  const auto found = by_fd_.find(fd);
  if (found == by_fd_.end()) return;  // it never said anything
  if (found->second.stale > 0) {
    --found->second.stale;
    return;
  }
  close(found->second.connection);
  by_fd_.erase(found);
}

void Connections::close(std::uint32_t connection) {
  if (by_number_.erase(connection) > 0) closed_.push_back(connection);
}

std::vector<std::uint32_t> Connections::take_closed() {
  return std::exchange(closed_, {});
}

}  // namespace lifesign::broker
