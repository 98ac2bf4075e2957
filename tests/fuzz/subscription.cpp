// The library's subscription, whatever comes live and whatever the recorder answers: what is delivered is of the kinds
// asked for, each stream in order of seq, and no verdict twice.
#include "agent-sdk/subscription.h"

#include <set>

#include "target.h"

namespace lifesign::fuzz {
namespace {

std::optional<Value> value_of(std::string_view packed) {
  auto value = Value::parse(std::string(packed));
  return value.ok() ? std::optional(*value) : std::nullopt;
}

void drain(sdk::Subscription& subscription, std::map<std::string, std::uint64_t>& last, bool single) {
  while (subscription.has_items()) {
    const Item item = subscription.pop();
    const auto* event = std::get_if<Event>(&item);
    if (event == nullptr) continue;
    LIFESIGN_ASSERT(event->type == "agent.timeout" || event->type == "heartbeat.received", "{} came", event->type);
    std::string stream = event->type;
    if (single) {
      LIFESIGN_ASSERT(event->agent_id == "web-1" || event->agent_id == "web-2", "{} came", event->agent_id);
      if (event->type == "heartbeat.received") stream += event->agent_id;
    }
    const auto [at, first] = last.emplace(stream, event->seq);
    LIFESIGN_ASSERT(first || event->seq > at->second, "{} {} after {}", stream, event->seq, at->second);
    at->second = event->seq;
  }
}

}  // namespace

void run(std::string_view input) {
  Input parts(input);
  const std::uint8_t mode = parts.byte();
  const bool single = mode % 2 != 0;
  sdk::Subscription::Options options{.types = {"agent.timeout", "heartbeat.received"}, .held_messages = 20};
  options.repeat_window = 20;
  if (single) options.agent_ids = {"web-1", "web-2"};
  if (mode % 4 >= 2) options.since = mode / 4;
  sdk::Subscription subscription(options);
  std::map<std::string, std::uint64_t> last;
  while (!parts.empty()) {
    const std::uint8_t what = parts.byte();
    switch (what % 6) {
      case 0:
        if (const auto value = value_of(parts.part()))
          if (auto event = sdk::read_incoming(*value)) subscription.on_event(std::move(*event));
        break;
      case 1:
        if (const auto value = value_of(parts.part()))
          if (auto tick = sdk::read_tick(*value)) subscription.on_tick(std::move(*tick));
        break;
      case 2:
        subscription.on_connection_lost();
        break;
      case 3:
      case 4:
        if (const auto value = value_of(parts.part()); value && subscription.fill() != nullptr) {
          std::vector<sdk::Incoming> events;
          for (const Value& item : (*value)["events"].items())
            if (auto event = sdk::read_incoming(item)) events.push_back(std::move(*event));
          subscription.on_page(std::move(events), (*value)["next"].u64(), (*value)["recorded"].u64_or(0));
        }
        break;
      default:
        if (subscription.fill() != nullptr) subscription.on_fill_failed({Code::timed_out, "no answer"});
    }
    if (const auto* fill = subscription.fill()) LIFESIGN_ASSERT(fill->since < fill->until, "a fill of nothing");
    drain(subscription, last, single);
  }
}

}  // namespace lifesign::fuzz
