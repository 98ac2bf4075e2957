#include "liveness/verdicts.h"

#include <map>

#include "wire/writer.h"

namespace lifesign::liveness {
namespace {

std::uint64_t micros(Ms ms) {
  return base::to_wire(from_ms(ms));
}

}  // namespace

Owed owed_registered(std::uint64_t seq, Ms at, bool first, const wire::Registration* r) {
  Owed o{Verdict::registered, seq, at, 1, {}};
  wire::Writer w(o.fields);
  w.flag("first", first);
  if (r == nullptr) return o;
  // All that it said but the metadata, which may be large and is the recorder's to tell.
  const auto text = [&](std::string_view key, const std::optional<std::string>& value) {
    if (!value) return;
    w.field(key, std::string_view(*value));
    ++o.pairs;
  };
  const auto number = [&](std::string_view key, const std::optional<std::uint64_t>& value) {
    if (!value) return;
    w.field(key, *value);
    ++o.pairs;
  };
  text("name", r->name);
  text("agent_type", r->type);  // `type` is the event's own
  if (r->capabilities) {
    w.text("capabilities").array(r->capabilities->size());
    for (const auto& c : *r->capabilities) w.text(c);
    ++o.pairs;
  }
  if (r->labels) {
    w.text("labels").map(r->labels->size());
    for (const auto& [key, value] : *r->labels) w.field(key, std::string_view(value));
    ++o.pairs;
  }
  number("interval_ms", r->interval_ms);
  number("grace_ms", r->grace_ms);
  number("missed_limit", r->missed_limit);
  number("stall_after_ms", r->stall_after_ms);
  text("schedule", r->schedule);
  text("time_zone", r->time_zone);
  return o;
}

Owed owed_ready(std::uint64_t seq, Ms at, std::uint64_t run) {
  Owed o{Verdict::ready, seq, at, 1, {}};
  wire::Writer(o.fields).field("run", run);
  return o;
}

Owed owed_status(std::uint64_t seq, Ms at, const wire::Beat& beat) {
  Owed o{Verdict::status, seq, at, 0, {}};
  wire::Writer w(o.fields);
  o.pairs = (beat.has_activity ? 1U : 0U) + (beat.has_task ? 1U : 0U);
  if (beat.has_activity) w.field("activity", beat.activity);
  if (beat.has_task) w.field("task", beat.task);
  return o;
}

Owed owed_duplicate(std::uint64_t seq, Ms at, std::uint64_t run, std::uint64_t other_run) {
  Owed o{Verdict::duplicate, seq, at, 2, {}};
  wire::Writer(o.fields).field("run", run).field("other_run", other_run);
  return o;
}

Owed owed_recovered(std::uint64_t seq, Ms at, Ms offline_since, Cause cause) {
  Owed o{Verdict::recovered, seq, at, 3, {}};
  wire::Writer(o.fields)
      .field("outage_ms", static_cast<std::uint64_t>(at > offline_since ? at - offline_since : 0))
      .field("offline_since", micros(offline_since))
      .field("cause", cause_name(cause));
  return o;
}

Owed owed_progress(Verdict type, std::uint64_t seq, Ms at, std::uint64_t progress, Ms since, Ms stall_after) {
  Owed o{type, seq, at, 3, {}};
  wire::Writer(o.fields)
      .field("progress", progress)
      .field("progress_since", micros(since))
      .field("stall_after_ms", static_cast<std::uint64_t>(stall_after));
  return o;
}

std::string verdict_map(Verdict type, std::string_view agent_id, std::uint64_t evidence_seq, std::uint64_t ordinal,
                        std::uint64_t as_of, Ms decided, std::uint32_t pairs, std::string_view fields) {
  std::string out;
  wire::Writer w(out);
  w.map(6 + pairs)
      .field("type", verdict_name(type))
      .field("agent_id", agent_id)
      .field("evidence_seq", evidence_seq)
      .field("ordinal", ordinal)
      .field("as_of", as_of)
      .field("decided", micros(decided))
      .raw(fields);
  return out;
}

}  // namespace lifesign::liveness
