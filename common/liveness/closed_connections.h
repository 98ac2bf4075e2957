// The latest connections that closed and were not heard since. Numbers are the broker's, and mean something only
// within one broker run.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_set>
#include <vector>

namespace lifesign::liveness {

class ClosedConnections {
 public:
  void close(std::uint32_t connection);
  // A message came by it. (Rarely one that is closed: then a walk over the list.)
  void heard(std::uint32_t connection) {
    if (!set_.empty() && set_.erase(connection) != 0) std::erase(order_, connection);
  }
  bool is_closed(std::uint32_t connection) const { return set_.contains(connection); }
  void clear();

  std::vector<std::uint32_t> list() const { return {order_.begin(), order_.end()}; }  // oldest first
  void load(const std::vector<std::uint32_t>& connections);

 private:
  std::unordered_set<std::uint32_t> set_;
  std::deque<std::uint32_t> order_;
};

}  // namespace lifesign::liveness
