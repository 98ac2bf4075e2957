// From a log entry to its items.
#include <fmt/format.h>

#include "liveness/fold_impl.h"

namespace lifesign::liveness {
namespace {

Visitor nobody;  // does nothing, holds nothing

base::Error bad_body(const wire::Entry& e, const char* why) {
  return {base::Code::bad_message,
          fmt::format("log entry at seq {} of kind {}: {}", e.first_seq, wire::kind_name(e.kind), why)};
}

template <class List>
base::Status finish(const wire::Entry& e, const List& list) {
  if (list.status().ok()) return {};
  return list.status().error().within(fmt::format("log entry at seq {}", e.first_seq));
}

// Calls `each(reader, raw item, seq)` for each element of an array body; `each` reads the element.
template <class Each>
base::Status for_each(const wire::Entry& e, Each each) {
  wire::Reader reader(e.body);
  std::uint32_t n = 0;
  if (!reader.array(n)) return bad_body(e, "not an array");
  for (std::uint32_t i = 0; i < n; ++i) {
    wire::Reader ahead = reader;
    wire::Bytes raw;
    if (!ahead.raw(raw)) return bad_body(e, "cut short");
    if (auto s = each(reader, raw, e.first_seq + i); !s.ok())
      return s.error().within(fmt::format("log entry at seq {}, item {}", e.first_seq, i));
  }
  return {};
}

}  // namespace

base::Status Fold::apply_entry(const wire::Entry& e, Visitor* visitor) {
  Visitor& to = visitor != nullptr ? *visitor : nobody;
  if (e.count > 0 && e.first_seq + e.count - 1 <= impl_->applied) return {};  // a batch may begin early
  impl_->follow(e);
  const Source source{e.connection, e.peer};
  base::Status status;
  switch (e.kind) {
    case wire::Kind::beats: {
      wire::BeatList list(e.body);
      wire::Beat beat;
      for (std::uint64_t seq = e.first_seq; list.next(beat); ++seq)
        to.on_beat(beat, seq, e.time, apply_beat(beat, seq, e.time, source));
      status = finish(e, list);
      break;
    }
    case wire::Kind::backfill: {
      wire::BeatList list(e.body);
      wire::Beat beat;
      for (std::uint64_t seq = e.first_seq; list.next(beat); ++seq)
        to.on_backfill(beat, seq, e.time, apply_backfill(beat, seq, e.time));
      status = finish(e, list);
      break;
    }
    case wire::Kind::registration:
      status = for_each(e, [&](wire::Reader& reader, wire::Bytes, std::uint64_t seq) -> base::Status {
        wire::Registration r;
        if (auto s = wire::read_registration(reader, r); !s.ok()) return s;
        to.on_registration(r, seq, e.time, apply_registration(r, seq, e.time, source));
        return {};
      });
      break;
    case wire::Kind::goodbye:
      status = for_each(e, [&](wire::Reader& reader, wire::Bytes raw, std::uint64_t seq) -> base::Status {
        wire::Goodbye g;
        if (auto s = wire::read_goodbye(reader, g); !s.ok()) return s;
        to.on_goodbye(g, raw, seq, e.time, apply_goodbye(g, seq, e.time));
        return {};
      });
      break;
    case wire::Kind::command:
      status = for_each(e, [&](wire::Reader& reader, wire::Bytes raw, std::uint64_t seq) -> base::Status {
        wire::Command c;
        if (auto s = wire::read_command(reader, c); !s.ok()) return s;
        to.on_command(c, raw, seq, e.time, apply_command(c, seq, e.time));
        return {};
      });
      break;
    case wire::Kind::verdicts:
      status = for_each(e, [&](wire::Reader& reader, wire::Bytes, std::uint64_t seq) -> base::Status {
        wire::Event v;
        if (auto s = wire::read_event(reader, v); !s.ok()) return s;
        to.on_verdict(v, seq, e.time, apply_verdict(v, seq, e.time));
        return {};
      });
      break;
    case wire::Kind::event:
      status = for_each(e, [&](wire::Reader& reader, wire::Bytes, std::uint64_t seq) -> base::Status {
        wire::Event v;
        if (auto s = wire::read_event(reader, v); !s.ok()) return s;
        apply_event(v, seq, e.time);
        to.on_event(v, seq, e.time);
        return {};
      });
      break;
    case wire::Kind::closed: {
      std::vector<std::uint32_t> connections;
      status = for_each(e, [&](wire::Reader& reader, wire::Bytes, std::uint64_t) -> base::Status {
        std::uint64_t c = 0;
        if (!reader.u64(c) || c > UINT32_MAX) return bad_body(e, "not a connection number");
        connections.push_back(static_cast<std::uint32_t>(c));
        return {};
      });
      apply_closed(connections);
      break;
    }
    case wire::Kind::tick:
      if (e.count > 0) impl_->ticked = to_ms(e.time);
      to.on_tick(e.time);
      break;
    case wire::Kind::status:
    case wire::Kind::report:
      status = bad_body(e, "such an entry is never sequenced");
      break;
  }
  if (e.count > 0 && status.ok()) impl_->note(e.first_seq + e.count - 1);
  return status;
}

std::size_t Fold::look_ahead(wire::EntryList& ahead, std::vector<std::uint32_t>& rows) const {
  std::array<std::string_view, Rows::fetch_most> ids;
  std::size_t entries = 0, known = 0;
  rows.clear();
  if (impl_->rows.size() < fleet_in_cache) return SIZE_MAX;
  for (wire::Entry e; known < ids.size() && ahead.next(e); ++entries) {
    if (e.kind != wire::Kind::beats) continue;
    wire::BeatList list(e.body);
    for (wire::Beat beat; known < ids.size() && list.next(beat);) ids[known++] = beat.agent_id;
  }
  rows.resize(known);
  impl_->rows.fetch({ids.data(), known}, rows);
  return entries;
}

void Fold::apply_event(const wire::Event& event, std::uint64_t seq, base::LogTime) {
  Impl& f = *impl_;
  f.note(seq);
  if (seq <= f.fleet_as_of) return;
  const bool started = event.type == wire::events::broker_started;
  if (started) {
    f.closed.clear();  // connection numbers begin anew
    f.run_first_seq = seq;
  }
  if (!started && event.type != wire::events::blind && event.type != wire::events::gap) return;
  std::uint64_t from = 0, to = 0;
  if (!wire::find_u64(event.map, "blind_from", from) || !wire::find_u64(event.map, "blind_to", to)) return;
  // A fresh broker has no earlier moment to name: then nothing was there to be missed.
  if (from == 0 || from > base::log_time_max || to > base::log_time_max) return;
  f.blind.add(to_ms(base::log_time(from)), to_ms(base::log_time(to) + base::Micros(999)));
}

void Fold::Impl::follow(const wire::Entry& e) {
  if (e.count == 0) return;
  if (next_seq != 0 && e.first_seq > next_seq) blind.add(read_to, to_ms(e.time + base::Micros(999)));
  next_seq = e.first_seq + e.count;
  read_to = to_ms(e.time);
}

void Fold::apply_closed(std::span<const std::uint32_t> connections) {
  for (const std::uint32_t c : connections) impl_->closed.close(c);
}

}  // namespace lifesign::liveness
