#include "liveness/row_state.h"

#include <fmt/format.h>

#include "base/text.h"
#include "liveness/runs.h"
#include "wire/event.h"
#include "wire/limits.h"

namespace lifesign::liveness {
namespace {

// Writes only what differs from its default: most rows are a quarter of their fields. The number of pairs comes
// first in MessagePack, so pairs go to a buffer.
class MapWriter {
 public:
  void u64(std::string_view key, std::uint64_t v) {
    if (v != 0) w_.field(key, v), ++pairs_;
  }
  void flag(std::string_view key, bool v) {
    if (v) w_.flag(key, v), ++pairs_;
  }
  void text(std::string_view key, std::string_view v) {
    if (!v.empty()) w_.field(key, v), ++pairs_;
  }
  wire::Writer& begin(std::string_view key) {
    ++pairs_;
    return w_.text(key);
  }
  void ms(std::string_view key, Ms v) { u64(key, static_cast<std::uint64_t>(v)); }
  void end(wire::Writer& out) const { out.map(pairs_).raw(buffer_); }

 private:
  std::string buffer_;
  wire::Writer w_{buffer_};
  std::size_t pairs_ = 0;
};

void write_run(wire::Writer& w, const RunState& run) {
  w.array(3 + 2 * run.seen.size()).u64(run.run).boolean(run.closed).u64(run.closed_to);
  for (const SeqRange& r : run.seen) w.u64(r.first).u64(r.last);
}

bool read_run(wire::Reader& r, RunState& out) {
  std::uint32_t n = 0;
  if (!r.array(n) || n < 3 || n % 2 == 0 || n > 3 + 2 * ranges_per_run) return false;
  if (!r.u64(out.run) || !r.boolean(out.closed) || !r.u64(out.closed_to)) return false;
  out.seen.resize((n - 3) / 2);
  std::uint64_t before = 0;
  for (SeqRange& range : out.seen) {
    if (!r.u64(range.first) || !r.u64(range.last) || range.first > range.last) return false;
    if (range.first <= before || (before != 0 && range.first == before + 1)) return false;
    before = range.last;
  }
  return true;
}

bool read_runs(wire::Reader& r, std::vector<RunState>& out) {
  std::uint32_t n = 0;
  if (!r.array(n) || n > earlier_runs) return false;
  out.resize(n);
  for (RunState& run : out)
    if (!read_run(r, run)) return false;
  return true;
}

void write_owed(wire::Writer& w, const Owed& o) {
  w.array(7).text(verdict_name(o.type)).u64(o.evidence_seq).u64(static_cast<std::uint64_t>(o.decided));
  w.u64(o.pairs).binary(o.fields).u64(o.ordinal).u64(static_cast<std::uint64_t>(o.ended));
}

template <class Int>
bool read_int(wire::Reader& r, Int& out, std::uint64_t max) {
  std::uint64_t v = 0;
  if (!r.u64(v) || v > max) return false;
  out = static_cast<Int>(v);
  return true;
}
constexpr std::uint64_t ms_max = (1ULL << 44) - 1;  // what a row can hold
bool read_ms(wire::Reader& r, Ms& out) {
  return read_int(r, out, ms_max);
}
bool read_u32(wire::Reader& r, std::uint32_t& out) {
  return read_int(r, out, UINT32_MAX);
}
bool read_string(wire::Reader& r, std::string& out) {
  std::string_view text;
  if (!r.text(text)) return false;
  out = text;
  return true;
}

bool read_owed(wire::Reader& r, Owed& out) {
  std::uint32_t n = 0;
  std::string_view name;
  wire::Bytes fields;
  if (!r.array(n) || n != 7 || !r.text(name) || !r.u64(out.evidence_seq) || !read_ms(r, out.decided) ||
      !read_u32(r, out.pairs) || !r.binary(fields) || !read_int(r, out.ordinal, wire::limits::missed_limit_max) ||
      !read_ms(r, out.ended))
    return false;
  const auto type = verdict_from_name(name);
  if (!type) return false;
  out.type = *type;
  out.fields = fields;
  // The fields are copied into events as they are, so they must be whole, and not an event's own.
  wire::Reader inside(out.fields);
  for (std::uint32_t i = 0; i < out.pairs; ++i) {
    std::string_view key;
    if (!inside.text(key) || wire::is_event_field(key) || !inside.skip(wire::limits::field_depth)) return false;
  }
  return inside.at_end();
}

bool read_silence(wire::Reader& r, Silence& out) {
  std::uint32_t n = 0;
  return r.array(n) && n == 6 && r.u64(out.evidence_seq) && r.u64(out.ended_seq) && read_ms(r, out.ended) &&
         read_int(r, out.misses, 100) && r.boolean(out.timed_out) && r.boolean(out.recovered);
}

template <class Name>
bool read_name(wire::Reader& r, Name& out, std::optional<Name> (*find)(std::string_view)) {
  std::string_view text;
  if (!r.text(text)) return false;
  const auto found = find(text);
  if (found) out = *found;
  return found.has_value();
}

void write_settings(wire::Writer& w, const PolicyState& p) {
  w.array(6).u64(p.interval_ms).u64(p.missed_limit).u64(p.stall_after_ms).text(p.schedule).text(p.time_zone);
  if (p.grace_ms)
    w.u64(*p.grace_ms);
  else
    w.nil();
}

bool read_settings(wire::Reader& r, PolicyState& out) {
  namespace limits = wire::limits;
  std::uint32_t n = 0;
  return r.array(n) && n == 6 && read_int(r, out.interval_ms, limits::interval_ms_max) &&
         read_int(r, out.missed_limit, limits::missed_limit_max) &&
         read_int(r, out.stall_after_ms, limits::stall_ms_max) && read_string(r, out.schedule) &&
         read_string(r, out.time_zone) && (r.nil() || read_int(r, out.grace_ms.emplace(), limits::grace_ms_max));
}

bool read_owed_list(wire::Reader& r, std::vector<Owed>& out) {
  std::uint32_t n = 0;
  if (!r.array(n)) return false;
  for (std::uint32_t i = 0; i < n; ++i)
    if (!read_owed(r, out.emplace_back())) return false;
  return true;
}

bool read_pair(wire::Reader& r, std::string_view key, RowState& s) {
  if (key == "agent_id") return read_string(r, s.agent_id) && base::is_agent_id(s.agent_id);
  if (key == "as_of") return r.u64(s.as_of);
  if (key == "status") return read_name(r, s.status, status_from_name);
  if (key == "cause") return read_name(r, s.cause, cause_from_name);
  if (key == "last_seq") return r.u64(s.last_seq);
  if (key == "last") return read_ms(r, s.last);
  if (key == "misses") return read_int(r, s.misses, 100);
  if (key == "offline_since") return read_ms(r, s.offline_since);
  if (key == "known") return r.boolean(s.known);
  if (key == "beaten") return r.boolean(s.beaten);
  if (key == "stalled") return r.boolean(s.stalled);
  if (key == "duplicate_told") return r.boolean(s.duplicate_told);
  if (key == "run") return read_run(r, s.current);
  if (key == "earlier") return read_runs(r, s.earlier);
  if (key == "interval_ms") return read_int(r, s.policy.interval_ms, wire::limits::interval_ms_max);
  if (key == "grace_ms") return read_int(r, s.policy.grace_ms.emplace(), wire::limits::grace_ms_max);
  if (key == "missed_limit") return read_int(r, s.policy.missed_limit, wire::limits::missed_limit_max);
  if (key == "stall_after_ms") return read_int(r, s.policy.stall_after_ms, wire::limits::stall_ms_max);
  if (key == "schedule") return read_string(r, s.policy.schedule);
  if (key == "time_zone") return read_string(r, s.policy.time_zone);
  if (key == "next_settings") return read_settings(r, s.next_settings.emplace());
  if (key == "busy_until") return read_ms(r, s.busy_until);
  if (key == "progress") return s.has_progress = true, r.u64(s.progress);
  if (key == "progress_since") return read_ms(r, s.progress_since);
  if (key == "activity_hash") return read_u32(r, s.activity_hash);
  if (key == "task_hash") return read_u32(r, s.task_hash);
  if (key == "registration_hash") return read_u32(r, s.registration_hash);
  if (key == "connection") return read_u32(r, s.connection);
  if (key == "peer") return read_string(r, s.peer);
  if (key == "host") return read_string(r, s.host);
  if (key == "zone") return read_string(r, s.zone);
  if (key == "silence") return read_silence(r, s.silence);
  if (key == "owed") return read_owed_list(r, s.owed);
  return r.skip();
}

bool read_pair(wire::Reader& r, std::string_view key, FleetState& s) {
  if (key == "as_of") return r.u64(s.as_of);
  if (key == "run_first_seq") return r.u64(s.run_first_seq);
  if (key == "ticked") return read_ms(r, s.ticked);
  if (key == "time") return read_ms(r, s.time);
  std::uint32_t n = 0;
  if (key == "blind") {
    if (!r.array(n) || n % 3 != 0) return false;
    for (std::uint32_t i = 0; i < n; i += 3) {
      SpanState& span = s.blind.emplace_back();
      if (!read_ms(r, span.from) || !read_ms(r, span.to) || !read_ms(r, span.blind) || span.to <= span.from)
        return false;
    }
    return true;
  }
  if (key == "closed") {
    if (!r.array(n)) return false;
    for (std::uint32_t i = 0; i < n; ++i)
      if (!read_u32(r, s.closed.emplace_back())) return false;
    return true;
  }
  return r.skip();
}

template <class State>
base::Status decode_map(wire::Reader& reader, State& out, std::string_view what) {
  out = State{};
  std::uint32_t pairs = 0;
  if (!reader.map(pairs)) return base::Error{base::Code::bad_message, fmt::format("{}: not a map", what)};
  for (std::uint32_t i = 0; i < pairs; ++i) {
    std::string_view key;
    if (!reader.text(key) || !read_pair(reader, key, out))
      return base::Error{base::Code::bad_message,
                         fmt::format("{}: field \"{}\" is damaged or out of bounds", what, base::printable(key))};
  }
  return {};
}

}  // namespace

void encode(wire::Writer& out, const RowState& s) {
  MapWriter m;
  m.text("agent_id", s.agent_id);
  m.u64("as_of", s.as_of);
  m.text("status", status_name(s.status));
  m.text("cause", cause_name(s.cause));
  m.u64("last_seq", s.last_seq);
  m.ms("last", s.last);
  m.u64("misses", s.misses);
  m.ms("offline_since", s.offline_since);
  m.flag("known", s.known);
  m.flag("beaten", s.beaten);
  m.flag("stalled", s.stalled);
  m.flag("duplicate_told", s.duplicate_told);
  if (s.current != RunState{}) write_run(m.begin("run"), s.current);
  if (!s.earlier.empty()) {
    wire::Writer& w = m.begin("earlier").array(s.earlier.size());
    for (const RunState& run : s.earlier) write_run(w, run);
  }
  m.u64("interval_ms", s.policy.interval_ms);
  if (s.policy.grace_ms) m.begin("grace_ms").u64(*s.policy.grace_ms);
  m.u64("missed_limit", s.policy.missed_limit);
  m.u64("stall_after_ms", s.policy.stall_after_ms);
  m.text("schedule", s.policy.schedule);
  m.text("time_zone", s.policy.time_zone);
  if (s.next_settings) write_settings(m.begin("next_settings"), *s.next_settings);
  m.ms("busy_until", s.busy_until);
  if (s.has_progress) m.begin("progress").u64(s.progress);
  m.ms("progress_since", s.progress_since);
  m.u64("activity_hash", s.activity_hash);
  m.u64("task_hash", s.task_hash);
  m.u64("registration_hash", s.registration_hash);
  m.u64("connection", s.connection);
  m.text("peer", s.peer);
  m.text("host", s.host);
  m.text("zone", s.zone);
  if (s.silence != Silence{})
    m.begin("silence")
        .array(6)
        .u64(s.silence.evidence_seq)
        .u64(s.silence.ended_seq)
        .u64(static_cast<std::uint64_t>(s.silence.ended))
        .u64(s.silence.misses)
        .boolean(s.silence.timed_out)
        .boolean(s.silence.recovered);
  if (!s.owed.empty()) {
    wire::Writer& w = m.begin("owed").array(s.owed.size());
    for (const Owed& o : s.owed) write_owed(w, o);
  }
  m.end(out);
}

void encode(wire::Writer& out, const FleetState& s) {
  MapWriter m;
  m.u64("as_of", s.as_of);
  m.u64("run_first_seq", s.run_first_seq);
  m.ms("ticked", s.ticked);
  m.ms("time", s.time);
  if (!s.blind.empty()) {
    wire::Writer& w = m.begin("blind").array(3 * s.blind.size());
    for (const SpanState& span : s.blind)
      w.u64(static_cast<std::uint64_t>(span.from))
          .u64(static_cast<std::uint64_t>(span.to))
          .u64(static_cast<std::uint64_t>(span.blind));
  }
  if (!s.closed.empty()) {
    wire::Writer& w = m.begin("closed").array(s.closed.size());
    for (const std::uint32_t c : s.closed) w.u64(c);
  }
  m.end(out);
}

base::Status decode(wire::Reader& reader, RowState& out) {
  if (auto s = decode_map(reader, out, "row"); !s.ok()) return s;
  if (out.agent_id.empty()) return base::Error{base::Code::bad_message, "row: agent_id is missing"};
  return {};
}

base::Status decode(wire::Reader& reader, FleetState& out) {
  return decode_map(reader, out, "fleet");
}

}  // namespace lifesign::liveness
