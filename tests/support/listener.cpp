#include "support/listener.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "support/audit.h"

namespace lifesign::tests {
namespace {

constexpr std::size_t events_between_restarts = 5;

// A verdict that a crash unmade is made again under the same key and another seq.
std::string identity(const Value& event) {
  const std::string key = key_of(event);
  return key.empty() ? std::to_string(event["seq"].u64_or(0)) : key;
}

}  // namespace

Listener::Listener(const System& system, std::vector<std::string> types, bool restarts)
    : events_(system.endpoint("events")),
      query_(system.endpoint("query")),
      types_(std::move(types)),
      restarts_(restarts) {
  thread_ = std::thread([this] { work(); });
}

void Listener::finish() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

SubscriberOptions Listener::options() const {
  return {.events_endpoint = events_,
          .query_endpoint = query_,
          .types = types_,
          .since = cursor_,
          .fill_timeout = Millis(60'000)};
}

void Listener::work() {
  while (!stop_) {
    Subscriber subscriber(options());
    ++starts_;
    const std::size_t before = got_.size();
    while (!stop_ && (!restarts_ || got_.size() < before + events_between_restarts)) {
      auto item = subscriber.next(Millis(100));
      if (!item.ok()) return;
      if (item->has_value()) take(std::move(**item));
    }
  }
}

void Listener::take(Item item) {
  if (auto* gap = std::get_if<Gap>(&item)) {
    gaps_.push_back(std::move(*gap));
    return;
  }
  auto& event = std::get<Event>(item);
  if (!event.provisional) cursor_ = std::max(cursor_, event.seq);
  last_ = std::max(last_.load(), event.seq);
  got_.push_back(std::move(event));
}

bool Listener::in_gap(const Value& event) const {
  const auto seq = event["seq"].u64_or(0);
  return std::any_of(gaps_.begin(), gaps_.end(), [&](const Gap& gap) {
    return seq > gap.since && seq <= gap.until &&
           std::find(gap.types.begin(), gap.types.end(), event["type"].text_or("")) != gap.types.end();
  });
}

void Listener::audit(const std::vector<Value>& due, const std::vector<Value>& recorded) const {
  std::map<std::string, int> came;
  std::map<std::string, std::uint64_t> last;
  std::set<std::string> recorded_ones;
  for (const Value& event : recorded) recorded_ones.insert(identity(event));
  std::set<std::string> provisional;  // told to a Subscriber that has since ended: its memory went with it
  for (const Event& event : got_) {
    INFO(to_json(event.fields));
    const std::string id = identity(event.fields);
    if (restarts_ && provisional.contains(id)) came[id] = 0;
    if (event.provisional) provisional.insert(id);
    if (!restarts_ || !event.provisional) {
      CHECK(event.seq > last[event.type]);
      last[event.type] = event.seq;
    }
    ++came[id];
    if (!event.provisional) CHECK(recorded_ones.contains(id));
  }
  for (const Value& event : due) {
    INFO(to_json(event));
    const int times = came[identity(event)];
    CHECK(times <= 1);
    if (times == 0) CHECK(in_gap(event));
  }
}

}  // namespace lifesign::tests
