#include "liveness/closed_connections.h"

#include "wire/limits.h"

namespace lifesign::liveness {

void ClosedConnections::close(std::uint32_t connection) {
  if (connection == 0 || !set_.insert(connection).second) return;
  order_.push_back(connection);
  while (order_.size() > wire::limits::closed_connections) {
    set_.erase(order_.front());
    order_.pop_front();
  }
}

void ClosedConnections::clear() {
  set_.clear();
  order_.clear();
}

void ClosedConnections::load(const std::vector<std::uint32_t>& connections) {
  clear();
  for (const std::uint32_t c : connections) close(c);
}

}  // namespace lifesign::liveness
