#include "broker/body_check.h"

#include <fmt/format.h>

#include "base/text.h"
#include "liveness/schedule.h"
#include "wire/beat.h"
#include "wire/event.h"
#include "wire/limits.h"
#include "wire/registration.h"

namespace lifesign::broker {
namespace {

using base::Code;
using base::Error;
using base::Status;
using wire::Kind;

Status check_schedule(const wire::Registration& registration) {
  if (registration.time_zone && !registration.schedule)
    return Error{Code::invalid_value, "time_zone comes with a schedule, never alone"};
  if (!registration.schedule || registration.schedule->empty()) return {};
  const auto schedule = liveness::Schedule::parse(*registration.schedule, registration.time_zone.value_or("UTC"));
  if (!schedule.ok()) return schedule.error();
  return {};
}

Status check_verdict(wire::Reader& reader) {
  wire::Event event;
  if (Status status = wire::read_event(reader, event); !status.ok()) return status;
  if (!wire::events::is_verdict(event.type))
    return Error{Code::not_allowed, fmt::format("{} is not a verdict", base::printable(event.type))};
  if (!event.is_verdict || event.agent_id.empty())
    return Error{Code::bad_message, "a verdict needs agent_id, evidence_seq, ordinal, as_of and decided"};
  return {};
}

Status check_item(Kind kind, wire::Reader& reader) {
  switch (kind) {
    case Kind::registration: {
      wire::Registration registration;
      Status status = wire::read_registration(reader, registration);
      return status.ok() ? check_schedule(registration) : status;
    }
    case Kind::goodbye: {
      wire::Goodbye goodbye;
      return wire::read_goodbye(reader, goodbye);
    }
    case Kind::verdicts:
      return check_verdict(reader);
    case Kind::command: {
      wire::Command command;
      Status status = wire::read_command(reader, command);
      return status.ok() ? check_schedule(command.agent) : status;
    }
    default:
      return Error{Code::unknown_kind, fmt::format("kind {} carries no items", wire::kind_name(kind))};
  }
}

}  // namespace

base::Result<std::uint32_t> check_body(Kind kind, wire::Bytes body) {
  if (kind == Kind::beats || kind == Kind::backfill) return wire::check_beats(body, kind == Kind::backfill);

  const std::size_t most = kind == Kind::goodbye ? wire::limits::beats_per_message : wire::limits::items_per_message;
  wire::Reader reader(body);
  std::uint32_t items = 0;
  if (!reader.array(items) || items == 0)
    return Error{Code::bad_message,
                 fmt::format("the body of {} must be an array of at least one map", wire::kind_name(kind))};
  if (items > most)
    return Error{Code::too_large,
                 fmt::format("{} items in one message; at most {} are allowed, so send several messages", items, most)};
  for (std::uint32_t i = 0; i < items; ++i) {
    const std::size_t before = reader.offset();
    if (Status status = check_item(kind, reader); !status.ok()) return status.error().within(fmt::format("item {}", i));
    const std::size_t bytes = reader.offset() - before;
    if (bytes > wire::limits::item_bytes)
      return Error{Code::too_large,
                   fmt::format("item {} has {} bytes; at most {} are allowed", i, bytes, wire::limits::item_bytes)};
  }
  if (!reader.at_end()) return Error{Code::bad_message, "there are bytes behind the body"};
  return items;
}

}  // namespace lifesign::broker
