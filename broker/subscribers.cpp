#include "broker/subscribers.h"

#include "base/assert.h"

namespace lifesign::broker {

void Subscribers::add(const void* connection, int fd, std::shared_ptr<void> pin) {
  const auto [slot, fresh] = by_fd_.try_emplace(fd, connection);
  if (!fresh) peers_.erase(std::exchange(slot->second, connection));
  Peer& peer = peers_[connection];
  peer.fd = fd;
  peer.pin = std::move(pin);
}

Subscribers::Edge Subscribers::said(const void* connection, bool subscribe, std::string_view topic) {
  const auto found = peers_.find(connection);
  LIFESIGN_ASSERT(found != peers_.end(), "a connection that was not added");
  Peer& peer = found->second;
  if (!subscribe) return peer.topics.erase(std::string(topic)) == 1 ? left(topic) : Edge::none;
  if (!peer.topics.emplace(topic).second) return Edge::none;
  ++held_;
  auto holders = holders_.find(topic);
  if (holders == holders_.end()) holders = holders_.emplace(topic, 0).first;
  return ++holders->second == 1 ? Edge::first : Edge::none;
}

Subscribers::Edge Subscribers::left(std::string_view topic) {
  const auto holders = holders_.find(topic);
  if (holders == holders_.end()) return Edge::none;
  --held_;
  if (--holders->second > 0) return Edge::none;
  holders_.erase(holders);
  return Edge::last;
}

bool Subscribers::over(const void* connection) const {
  const auto found = peers_.find(connection);
  if (found == peers_.end()) return false;
  const std::size_t topics = found->second.topics.size();
  return topics > most_each_ || (held_ > most_all_ && topics > few);
}

void Subscribers::closed(int fd) {
  const auto found = by_fd_.find(fd);
  if (found == by_fd_.end()) return;  // it never subscribed
  peers_.at(found->second).closed = any_closed_ = true;
}

void Subscribers::drained() {
  if (!std::exchange(any_closed_, false)) return;
  for (auto at = peers_.begin(); at != peers_.end();) {
    const auto peer = at++;
    if (!peer->second.closed) continue;
    if (peer->second.drained_since_closed++ == 0) {
      any_closed_ = true;
      continue;
    }
    by_fd_.erase(peer->second.fd);
    peers_.erase(peer);
  }
}

}  // namespace lifesign::broker
