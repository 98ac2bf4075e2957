#include "broker/event_hold.h"

#include "base/assert.h"
#include "wire/event.h"

namespace lifesign::broker {
namespace {

std::uint64_t cost(const HeldEvent& event) {
  return event.map.size() + 128;
}

}  // namespace

void EventHold::add(HeldEvent event) {
  LIFESIGN_ASSERT(held_.empty() || held_.back().seq < event.seq, "after {} comes {}", held_.back().seq, event.seq);
  bytes_ += cost(event);
  held_.push_back(std::move(event));
}

void EventHold::publish_front(bool provisional, const Publish& publish) {
  const HeldEvent& event = held_.front();
  publish(wire::topic(event.type, event.agent_id),
          wire::stamp_event(event.map, event.type, event.seq, event.time, last(event.type), provisional));
  note(event.type, event.seq);
  provisional_ += provisional;
  bytes_ -= cost(event);
  held_.pop_front();
}

void EventHold::release(std::uint64_t recorded, const Publish& publish) {
  while (!held_.empty() && held_.front().seq <= recorded) publish_front(false, publish);
}

void EventHold::release_lost(std::uint64_t seq, const Publish& publish) {
  while (!held_.empty() && held_.front().seq <= seq) publish_front(true, publish);
}

void EventHold::release_provisional(base::LogTime since, const Publish& publish) {
  while (!held_.empty() && (held_.front().time <= since || over())) publish_front(true, publish);
}

std::uint64_t EventHold::last(std::string_view type) const {
  const auto found = last_.find(type);
  return found == last_.end() ? 0 : found->second;
}

void EventHold::note(std::string_view type, std::uint64_t seq) {
  if (const auto found = last_.find(type); found != last_.end())
    found->second = seq;
  else
    last_.emplace(type, seq);
}

}  // namespace lifesign::broker
