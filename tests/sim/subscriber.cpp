#include "sim/subscriber.h"

#include <fmt/format.h>

#include <algorithm>

#include "wire/event.h"

namespace lifesign::sim {
namespace {

constexpr std::size_t page = 100;
constexpr Micros ask_again = 200ms;
constexpr Micros fill_timeout = 10s;  // the library's own default

std::vector<std::string> followed() {
  std::vector<std::string> types;
  for (const std::string_view type : wire::events::all)
    if (type != wire::events::received) types.emplace_back(type);
  return types;
}

}  // namespace

Subscriber::Subscriber(Timeline& timeline, Random random, const Recorder& recorder, Feed::Dial dial, Sabotage sabotage)
    : Process(timeline),
      random_(random),
      recorder_(recorder),
      dial_(std::move(dial)),
      sabotage_(sabotage),
      subscription_({.types = followed(), .since = 0}) {}

void Subscriber::start() {
  begin();
  wake(now());
}

void Subscriber::cycle() {
  if (std::exchange(lost_, false)) {
    link_->leave(Side::client);
    link_.reset();
    subscription_.on_connection_lost();
  }
  if (!link_) {
    link_ = dial_();
    if (link_)
      link_->end(Side::client) = {[this](const Message& m) { receive(m); },
                                  [this] {
                                    lost_ = true;
                                    wake(now());
                                  }};
  }
  fill();
  take_items();
  wake(now() + 100ms);
}

void Subscriber::receive(const Message& message) {
  auto value = Value::parse(*message.body);
  LIFESIGN_ASSERT(value.ok(), "an event that cannot be read: {}", message.head);
  if (auto tick = sdk::read_tick(*value)) {
    if (sabotage_ != Sabotage::deaf_subscriber) subscription_.on_tick(*tick);
  } else if (auto event = sdk::read_incoming(*value)) {
    if (sabotage_ == Sabotage::deaf_subscriber) event->prev = 0;
    subscription_.on_event(std::move(*event));
  }
}

// The equivalent of the recorder's events query: in order of seq, at most a page, what is on disk.
void Subscriber::fill() {
  if (subscription_.fill() == nullptr) fill_since_ = now();
  while (const sdk::Subscription::Fill* fill = subscription_.fill()) {
    if (now() - fill_since_ > fill_timeout) {
      subscription_.on_fill_failed({Code::timed_out, "the recorder did not answer"});
      fill_since_ = now();
      continue;
    }
    if (!recorder_.answers() || now() < ask_at_) return;
    std::vector<sdk::Incoming> events;
    std::optional<std::uint64_t> next;
    const auto& stored = recorder_.store().events();
    for (auto at = stored.upper_bound(fill->since); at != stored.end() && at->first <= fill->until; ++at) {
      auto event = sdk::read_incoming(*Value::parse(at->second));
      LIFESIGN_ASSERT(event.has_value(), "a stored event that cannot be read");
      if (std::find(fill->types.begin(), fill->types.end(), event->event.type) == fill->types.end()) continue;
      events.push_back(std::move(*event));
      if (events.size() < page) continue;
      next = at->first;
      break;
    }
    if (subscription_.on_page(std::move(events), next, recorder_.durable()))
      fill_since_ = now();
    else
      ask_at_ = now() + ask_again;
  }
}

void Subscriber::take_items() {
  while (subscription_.has_items()) {
    Item item = subscription_.pop();
    if (auto* gap = std::get_if<Gap>(&item)) {
      gaps_.push_back(std::move(*gap));
      continue;
    }
    const Event& event = std::get<Event>(item);
    seqs_.insert(event.seq);
    wire::Event read;
    if (wire::read_event(event.fields.packed(), read).ok() && read.is_verdict) keys_.insert(wire::verdict_key(read));
  }
}

void Subscriber::check(Tally& tally) const {
  tally.events += subscription_.stats().delivered;
  if (subscription_.fill() != nullptr) tally.breaks(&Tally::other, "(d) the subscriber still waits for a fill");
  const std::uint64_t until = subscription_.stats().last_tick;
  for (const auto& [seq, map] : recorder_.store().events()) {
    if (seq > until || seqs_.contains(seq)) continue;
    wire::Event event;
    if (!wire::read_event(map, event).ok() || (event.is_verdict && keys_.contains(wire::verdict_key(event)))) continue;
    const bool said =
        std::any_of(gaps_.begin(), gaps_.end(), [seq = seq](const Gap& g) { return seq > g.since && seq <= g.until; });
    if (!said)
      tally.breaks(&Tally::other, fmt::format("(d) the subscriber never got {} of {} at seq {}, and said of no gap",
                                              event.type, event.agent_id, seq));
  }
}

}  // namespace lifesign::sim
