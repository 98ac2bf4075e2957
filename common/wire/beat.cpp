#include "wire/beat.h"

#include <limits>

#include "wire/fields.h"
#include "wire/limits.h"

namespace lifesign::wire {
namespace {

using base::Code;
using base::Error;
using base::Status;

constexpr std::uint64_t any = std::numeric_limits<std::uint64_t>::max();

Status read_metrics(Reader& reader, Bytes& out) {
  Reader probe = reader;
  std::uint32_t pairs = 0;
  if (!probe.map(pairs)) return wrong_type("metrics", "a map of names to numbers", probe);
  if (pairs > limits::metrics)
    return Error{Code::invalid_value,
                 fmt::format("metrics has {} entries; at most {} are allowed", pairs, limits::metrics)};
  for (std::uint32_t i = 0; i < pairs; ++i) {
    std::string_view name;
    double value = 0;
    if (Status status = read_text(probe, "a metric's name", limits::short_text_bytes, name); !status.ok())
      return status;
    if (!probe.number(value)) return wrong_type("a metric's value", "a number", probe);
  }
  reader.raw(out);
  return {};
}

Status read_field(Reader& reader, std::string_view key, Beat& out) {
  if (key == "interval_ms")
    return read_u64(reader, key, limits::interval_ms_min, limits::interval_ms_max, out.interval_ms);
  if (key == "sent_at") return read_u64(reader, key, 0, any, out.sent_at);
  if (key == "activity") {
    out.has_activity = true;
    return read_text(reader, key, limits::short_text_bytes, out.activity);
  }
  if (key == "task") {
    out.has_task = true;
    return read_text(reader, key, limits::text_bytes, out.task);
  }
  if (key == "progress") {
    out.has_progress = true;
    return read_u64(reader, key, 0, any, out.progress);
  }
  if (key == "busy_for_ms") return read_u64(reader, key, 0, limits::busy_for_ms_max, out.busy_for_ms);
  if (key == "busy_reason") return read_text(reader, key, limits::text_bytes, out.busy_reason);
  if (key == "error_count") {
    out.has_error_count = true;
    return read_u64(reader, key, 0, any, out.error_count);
  }
  if (key == "metrics") return read_metrics(reader, out.metrics);
  if (key == "age_ms") return read_u64(reader, key, 0, limits::interval_ms_max, out.age_ms);
  return skip_field(reader, key);
}

}  // namespace

Status read_beat(Reader& reader, Beat& out) {
  out = Beat{};
  std::uint32_t elements = 0;
  if (!reader.array(elements)) return wrong_type("a beat", "an array", reader);
  if (elements < 1) return Error{Code::bad_message, "a beat needs at least its agent_id"};
  if (Status status = read_agent_id(reader, out.agent_id); !status.ok()) return status;
  if (elements > 1 && !reader.u64(out.run)) return wrong_type("run", "an integer that is not negative", reader);
  if (elements > 2 && !reader.u64(out.run_seq)) return wrong_type("run_seq", "an integer that is not negative", reader);
  if (elements > 3) {
    Status status =
        read_map(reader, "a beat's fields", [&](std::string_view key) { return read_field(reader, key, out); });
    if (!status.ok()) return status;
  }
  for (std::uint32_t i = 4; i < elements; ++i)
    if (Status status = skip_field(reader, "a beat's later element"); !status.ok()) return status;
  return {};
}

std::size_t count_fields(const Beat& beat) {
  return std::size_t{0} + (beat.interval_ms != 0) + (beat.sent_at != 0) + beat.has_activity + beat.has_task +
         beat.has_progress + (beat.busy_for_ms != 0) + !beat.busy_reason.empty() + beat.has_error_count +
         !beat.metrics.empty() + (beat.age_ms != 0);
}

void write_fields(Writer& writer, const Beat& beat) {
  if (beat.interval_ms != 0) writer.field("interval_ms", beat.interval_ms);
  if (beat.sent_at != 0) writer.field("sent_at", beat.sent_at);
  if (beat.has_activity) writer.field("activity", beat.activity);
  if (beat.has_task) writer.field("task", beat.task);
  if (beat.has_progress) writer.field("progress", beat.progress);
  if (beat.busy_for_ms != 0) writer.field("busy_for_ms", beat.busy_for_ms);
  if (!beat.busy_reason.empty()) writer.field("busy_reason", beat.busy_reason);
  if (beat.has_error_count) writer.field("error_count", beat.error_count);
  if (!beat.metrics.empty()) writer.text("metrics").raw(beat.metrics);
  if (beat.age_ms != 0) writer.field("age_ms", beat.age_ms);
}

void write_beat(Writer& writer, const Beat& beat) {
  const std::size_t fields = count_fields(beat);
  if (fields == 0 && beat.run == 0) {
    writer.array(1).text(beat.agent_id);
    return;
  }
  writer.array(fields == 0 ? 3 : 4).text(beat.agent_id).u64(beat.run).u64(beat.run_seq);
  if (fields == 0) return;
  writer.map(fields);
  write_fields(writer, beat);
}

BeatList::BeatList(Bytes body) : reader_(body) {
  if (!reader_.array(size_)) status_ = wrong_type("the body", "an array of beats", reader_);
}

bool BeatList::next(Beat& out) {
  if (!status_.ok() || index_ == size_) return false;
  if (Status status = read_beat(reader_, out); !status.ok()) {
    status_ = status.error().within(fmt::format("beat {}", index_));
    return false;
  }
  ++index_;
  return true;
}

base::Result<std::uint32_t> check_beats(Bytes body, bool backfill) {
  BeatList list(body);
  if (!list.status().ok()) return list.status().error();
  if (list.size() == 0) return Error{Code::bad_message, "the message holds no beat"};
  if (list.size() > limits::beats_per_message)
    return Error{Code::too_large,
                 fmt::format("{} beats in one message; at most {} are allowed, so send several messages", list.size(),
                             limits::beats_per_message)};
  Beat beat;
  std::uint32_t index = 0;
  for (; list.next(beat); ++index)
    if (backfill && beat.age_ms == 0)
      return Error{Code::bad_message, fmt::format("beat {}: backfill needs age_ms, the beat's age, above 0", index)};
  if (!list.status().ok()) return list.status().error();
  if (!list.at_end()) return Error{Code::bad_message, "there are bytes behind the body"};
  return list.size();
}

Status read_goodbye(Reader& reader, Goodbye& out) {
  out = Goodbye{};
  Status status = read_map(reader, "a goodbye", [&](std::string_view key) -> Status {
    if (key == "agent_id") return read_agent_id(reader, out.agent_id);
    if (key == "run") return read_u64(reader, key, 0, any, out.run);
    if (key == "reason") return read_text(reader, key, limits::text_bytes, out.reason);
    return skip_field(reader, key);
  });
  if (status.ok() && out.agent_id.empty()) return Error{Code::bad_message, "a goodbye needs its agent_id"};
  return status;
}

void write_goodbye(Writer& writer, const Goodbye& goodbye) {
  writer.map(1 + (goodbye.run != 0) + !goodbye.reason.empty()).field("agent_id", goodbye.agent_id);
  if (goodbye.run != 0) writer.field("run", goodbye.run);
  if (!goodbye.reason.empty()) writer.field("reason", goodbye.reason);
}

}  // namespace lifesign::wire
