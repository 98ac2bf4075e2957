#include "watchdog/outbox.h"

namespace lifesign::watchdog {

bool Outbox::add(std::string key, std::string map) {
  const auto [it, added] = items_.try_emplace(std::move(key));
  if (!added) return false;
  it->second.map = std::move(map);
  fresh_.push_back(it->first);
  return true;
}

bool Outbox::seen(std::string_view key) {
  const auto it = items_.find(std::string(key));
  if (it == items_.end()) return false;
  if (it->second.sent) --in_flight_;
  items_.erase(it);
  return true;
}

void Outbox::clear() {
  items_.clear();
  fresh_.clear();
  sent_.clear();
  in_flight_ = 0;
}

}  // namespace lifesign::watchdog
