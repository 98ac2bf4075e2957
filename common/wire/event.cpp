#include "wire/event.h"

#include <limits>

#include "base/assert.h"
#include "wire/fields.h"
#include "wire/kinds.h"
#include "wire/limits.h"
#include "wire/writer.h"

namespace lifesign::wire {
namespace {

using base::Code;
using base::Error;
using base::Status;

constexpr std::uint64_t any = std::numeric_limits<std::uint64_t>::max();

Status read_time(Reader& reader, std::string_view key, base::LogTime& out) {
  std::uint64_t micros = 0;
  Status status = read_u64(reader, key, 0, base::log_time_max, micros);
  if (status.ok()) out = base::log_time(micros);
  return status;
}

// Moves `reader` to the value of `key`; false if the map has none.
bool seek(Reader& reader, std::string_view key) {
  std::uint32_t pairs = 0;
  if (!reader.map(pairs)) return false;
  for (std::uint32_t i = 0; i < pairs; ++i) {
    std::string_view name;
    if (!reader.text(name)) return false;
    if (name == key) return true;
    if (!reader.skip()) return false;
  }
  return false;
}

bool is_stamp(std::string_view key) {
  return key == "type" || key == "seq" || key == "time" || key == "prev" || key == "provisional";
}

}  // namespace

Status read_event(Reader& reader, Event& out) {
  out = Event{};
  const Bytes before = reader.rest();
  unsigned verdict_fields = 0;  // a bit for each
  Status status = read_map(reader, "an event", [&](std::string_view key) -> Status {
    if (key == "type") return read_text(reader, key, limits::short_text_bytes, out.type);
    if (key == "seq") return read_u64(reader, key, 0, any, out.seq);
    if (key == "time") return read_time(reader, key, out.time);
    if (key == "prev") return read_u64(reader, key, 0, any, out.prev);
    if (key == "agent_id") {
      if (!reader.text(out.agent_id)) return wrong_type(key, "a string", reader);
      if (!out.agent_id.empty() && !base::is_agent_id(out.agent_id))
        return Error{Code::invalid_agent_id,
                     fmt::format("agent_id \"{}\" cannot be used", base::printable(out.agent_id))};
      return {};
    }
    if (key == "provisional") {
      if (!reader.boolean(out.provisional)) return wrong_type(key, "true or false", reader);
      return {};
    }
    if (key == "evidence_seq") return verdict_fields |= 1, read_u64(reader, key, 0, any, out.evidence_seq);
    if (key == "ordinal") return verdict_fields |= 2, read_u64(reader, key, 0, any, out.ordinal);
    if (key == "as_of") return verdict_fields |= 4, read_u64(reader, key, 0, any, out.as_of);
    if (key == "decided") return verdict_fields |= 8, read_time(reader, key, out.decided);
    return skip_field(reader, key);
  });
  if (!status.ok()) return status;
  if (out.type.empty()) return Error{Code::bad_message, "an event needs its type"};
  out.is_verdict = verdict_fields == 15;
  out.map = before.substr(0, before.size() - reader.rest().size());
  return {};
}

Status read_event(Bytes map, Event& out) {
  Reader reader(map);
  return read_event(reader, out);
}

bool is_event_field(std::string_view key) {
  return is_stamp(key) || key == "agent_id" || key == "evidence_seq" || key == "ordinal" || key == "as_of" ||
         key == "decided";
}

bool find_u64(Bytes map, std::string_view key, std::uint64_t& out) {
  Reader reader(map);
  return seek(reader, key) && reader.u64(out);
}

bool find_text(Bytes map, std::string_view key, std::string_view& out) {
  Reader reader(map);
  return seek(reader, key) && reader.text(out);
}

std::string verdict_key(const Event& verdict) {
  std::string key;
  Writer(key).text(verdict.type).text(verdict.agent_id).u64(verdict.evidence_seq).u64(verdict.ordinal);
  return key;
}

std::string topic(std::string_view type, std::string_view agent_id) {
  std::string out;
  out.reserve(type.size() + agent_id.size() + 2);
  out.append(type).append("/").append(agent_id).append("/");
  return out;
}

std::string goodbye_event(const Goodbye& goodbye) {
  std::string out;
  Writer writer(out);
  write_goodbye(writer, goodbye);
  return out;
}

std::string command_event(const Command& command) {
  std::string out;
  Writer writer(out);
  write_command(writer, command);
  return out;
}

std::string stamp_event(Bytes map, std::string_view type, std::uint64_t seq, base::LogTime time, std::uint64_t prev,
                        bool provisional) {
  // The pairs that stay, in their bytes.
  std::string kept;
  std::size_t kept_pairs = 0;
  bool has_agent = false;
  Reader reader(map);
  std::uint32_t pairs = 0;
  bool good = reader.map(pairs);
  for (std::uint32_t i = 0; good && i < pairs; ++i) {
    const Bytes before = reader.rest();
    std::string_view key;
    good = reader.text(key) && reader.skip();
    if (!good || is_stamp(key)) continue;
    has_agent = has_agent || key == "agent_id";
    kept.append(before.substr(0, before.size() - reader.rest().size()));
    ++kept_pairs;
  }
  LIFESIGN_ASSERT(good, "an event of {} bytes that was checked before is not a map", map.size());

  std::string out;
  out.reserve(kept.size() + 64);
  Writer writer(out);
  writer.map(kept_pairs + 4 + !has_agent + provisional);
  writer.field("type", type).field("seq", seq).field("time", to_wire(time)).field("prev", prev);
  if (!has_agent) writer.field("agent_id", std::string_view());
  if (provisional) writer.flag("provisional", true);
  writer.raw(kept);
  return out;
}

std::string stamp_beat(const Beat& beat, std::uint64_t seq, base::LogTime time, std::uint64_t prev) {
  std::string out;
  Writer writer(out);
  writer.map(std::size_t{5} + (beat.run != 0) + (beat.run_seq != 0) + count_fields(beat));
  writer.field("type", events::received).field("seq", seq).field("time", to_wire(time)).field("prev", prev);
  writer.field("agent_id", beat.agent_id);
  if (beat.run != 0) writer.field("run", beat.run);
  if (beat.run_seq != 0) writer.field("run_seq", beat.run_seq);
  write_fields(writer, beat);
  return out;
}

}  // namespace lifesign::wire
