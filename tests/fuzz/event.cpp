// Events, as subscribers and the recorder read them; ticks; and what becomes of a map that is stamped.
#include "wire/event.h"

#include "agent-sdk/subscription.h"
#include "target.h"

namespace lifesign::fuzz {

void run(std::string_view input) {
  Input parts(input);
  const std::string_view bytes = parts.rest();
  if (auto value = Value::parse(std::string(bytes)); value.ok()) {
    sdk::read_incoming(*value);
    sdk::read_tick(*value);
  }
  wire::Event event;
  if (!wire::read_event(bytes, event).ok()) return;
  LIFESIGN_ASSERT(bytes.starts_with(event.map), "the event's map is not what was read");
  if (event.is_verdict) {
    std::uint64_t number = 0;
    for (const char* field : {"evidence_seq", "ordinal", "as_of", "decided"})
      LIFESIGN_ASSERT(wire::find_u64(event.map, field, number), "a verdict without {}", field);
    LIFESIGN_ASSERT(!wire::verdict_key(event).empty(), "a verdict without a key");
  }
  for (const bool provisional : {false, true}) {
    const std::string stamped = wire::stamp_event(event.map, event.type, 1000, base::log_time(2), 999, provisional);
    wire::Event read;
    const base::Status status = wire::read_event(stamped, read);
    LIFESIGN_ASSERT(status.ok(), "a stamped event cannot be read: {}", status.error().message);
    LIFESIGN_ASSERT(read.type == event.type && read.agent_id == event.agent_id, "{} became {}", event.type, read.type);
    LIFESIGN_ASSERT(read.seq == 1000 && read.prev == 999 && read.time == base::log_time(2), "seq {}", read.seq);
    LIFESIGN_ASSERT(read.provisional == provisional && read.is_verdict == event.is_verdict, "of another sort");
    LIFESIGN_ASSERT(wire::verdict_key(read) == wire::verdict_key(event), "stamping changed the verdict's key");
    const auto value = Value::parse(stamped);
    LIFESIGN_ASSERT(value.ok() && sdk::read_incoming(*value), "subscribers cannot read a stamped event");
  }
}

}  // namespace lifesign::fuzz
