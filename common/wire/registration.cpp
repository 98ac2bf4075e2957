#include "wire/registration.h"

#include <limits>

#include "wire/fields.h"
#include "wire/kinds.h"
#include "wire/limits.h"

namespace lifesign::wire {
namespace {

using base::Code;
using base::Error;
using base::Status;

Status read_string(Reader& reader, std::string_view key, std::size_t max, std::optional<std::string>& out) {
  std::string_view text;
  Status status = read_text(reader, key, max, text);
  if (status.ok()) out = std::string(text);
  return status;
}

Status read_count(Reader& reader, std::string_view key, std::uint64_t min, std::uint64_t max,
                  std::optional<std::uint64_t>& out) {
  std::uint64_t value = 0;
  Status status = read_u64(reader, key, min, max, value);
  if (status.ok()) out = value;
  return status;
}

Status read_capabilities(Reader& reader, std::optional<std::vector<std::string>>& out) {
  std::uint32_t n = 0;
  if (!reader.array(n)) return wrong_type("capabilities", "an array of strings", reader);
  if (n > limits::capabilities)
    return Error{Code::invalid_value,
                 fmt::format("capabilities has {} entries; at most {} are allowed", n, limits::capabilities)};
  std::vector<std::string> list;
  for (std::uint32_t i = 0; i < n; ++i) {
    std::string_view text;
    if (Status status = read_text(reader, "a capability", limits::short_text_bytes, text); !status.ok()) return status;
    list.emplace_back(text);
  }
  out = std::move(list);
  return {};
}

Status read_labels(Reader& reader, std::optional<std::map<std::string, std::string>>& out) {
  std::map<std::string, std::string> labels;
  Status status = read_map(reader, "labels", [&](std::string_view key) -> Status {
    if (key.empty() || key.size() > limits::short_text_bytes || !base::is_utf8(key))
      return Error{Code::invalid_value, fmt::format("a label's key has {} bytes; 1 to {} of UTF-8 are allowed",
                                                    key.size(), limits::short_text_bytes)};
    std::string_view value;
    if (Status read = read_text(reader, "a label's value", limits::text_bytes, value); !read.ok()) return read;
    labels.insert_or_assign(std::string(key), std::string(value));
    if (labels.size() > limits::labels)
      return Error{Code::invalid_value, fmt::format("labels has more than {} entries", limits::labels)};
    return {};
  });
  if (status.ok()) out = std::move(labels);
  return status;
}

Status read_metadata(Reader& reader, std::optional<std::string>& out) {
  Bytes raw;
  if (reader.peek() != Type::map || !reader.raw(raw, limits::field_depth))
    return wrong_type("metadata", fmt::format("a map of at most {} levels", limits::field_depth), reader);
  if (raw.size() > limits::metadata_bytes)
    return Error{Code::invalid_value, fmt::format("metadata has {} bytes packed; at most {} are allowed", raw.size(),
                                                  limits::metadata_bytes)};
  out = std::string(raw);
  return {};
}

Status read_field(Reader& reader, std::string_view key, Registration& out) {
  if (key == "agent_id") {
    std::string_view id;
    Status status = read_agent_id(reader, id);
    if (status.ok()) out.agent_id = id;
    return status;
  }
  if (key == "run") return read_u64(reader, key, 0, std::numeric_limits<std::uint64_t>::max(), out.run);
  if (key == "name") return read_string(reader, key, limits::text_bytes, out.name);
  if (key == "type") return read_string(reader, key, limits::text_bytes, out.type);
  if (key == "capabilities") return read_capabilities(reader, out.capabilities);
  if (key == "labels") return read_labels(reader, out.labels);
  if (key == "metadata") return read_metadata(reader, out.metadata);
  if (key == "interval_ms")
    return read_count(reader, key, limits::interval_ms_min, limits::interval_ms_max, out.interval_ms);
  if (key == "grace_ms") return read_count(reader, key, 0, limits::grace_ms_max, out.grace_ms);
  if (key == "missed_limit") return read_count(reader, key, 1, limits::missed_limit_max, out.missed_limit);
  if (key == "stall_after_ms") return read_count(reader, key, 0, limits::stall_ms_max, out.stall_after_ms);
  if (key == "schedule") return read_string(reader, key, limits::text_bytes, out.schedule);
  if (key == "time_zone") return read_string(reader, key, limits::short_text_bytes, out.time_zone);
  return skip_field(reader, key);
}

std::size_t count_fields(const Registration& r) {
  return std::size_t{1} + (r.run != 0) + r.name.has_value() + r.type.has_value() + r.capabilities.has_value() +
         r.labels.has_value() + r.metadata.has_value() + r.interval_ms.has_value() + r.grace_ms.has_value() +
         r.missed_limit.has_value() + r.stall_after_ms.has_value() + r.schedule.has_value() + r.time_zone.has_value();
}

// `with_type`: a command's own `type` stands at the same place in the map, so an agent's type is left out there.
void write_fields(Writer& writer, const Registration& r, bool with_type) {
  writer.field("agent_id", r.agent_id);
  if (r.run != 0) writer.field("run", r.run);
  if (r.name) writer.field("name", *r.name);
  if (with_type && r.type) writer.field("type", *r.type);
  if (r.capabilities) {
    writer.text("capabilities").array(r.capabilities->size());
    for (const std::string& capability : *r.capabilities) writer.text(capability);
  }
  if (r.labels) {
    writer.text("labels").map(r.labels->size());
    for (const auto& [key, value] : *r.labels) writer.field(key, std::string_view(value));
  }
  if (r.metadata) writer.text("metadata").raw(*r.metadata);
  if (r.interval_ms) writer.field("interval_ms", *r.interval_ms);
  if (r.grace_ms) writer.field("grace_ms", *r.grace_ms);
  if (r.missed_limit) writer.field("missed_limit", *r.missed_limit);
  if (r.stall_after_ms) writer.field("stall_after_ms", *r.stall_after_ms);
  if (r.schedule) writer.field("schedule", *r.schedule);
  if (r.time_zone) writer.field("time_zone", *r.time_zone);
}

}  // namespace

Status read_registration(Reader& reader, Registration& out) {
  out = Registration{};
  Status status =
      read_map(reader, "a registration", [&](std::string_view key) { return read_field(reader, key, out); });
  if (status.ok() && out.agent_id.empty()) return Error{Code::bad_message, "a registration needs its agent_id"};
  return status;
}

void write_registration(Writer& writer, const Registration& registration) {
  writer.map(count_fields(registration));
  write_fields(writer, registration, true);
}

Status read_command(Reader& reader, Command& out) {
  out = Command{};
  Status status = read_map(reader, "a command", [&](std::string_view key) -> Status {
    std::string_view text;
    Status read;
    if (key == "type") {
      read = read_text(reader, key, limits::short_text_bytes, text);
      out.type = text;
    } else if (key == "by") {
      read = read_text(reader, key, limits::by_bytes, text);
      out.by = text;
    } else if (key == "why") {
      read = read_text(reader, key, limits::text_bytes, text);
      out.why = text;
    } else if (key == "agent_type") {
      read = read_string(reader, key, limits::text_bytes, out.agent.type);
    } else {
      read = read_field(reader, key, out.agent);
    }
    return read;
  });
  if (!status.ok()) return status;
  if (out.agent.agent_id.empty()) return Error{Code::bad_message, "a command needs its agent_id"};
  if (!events::is_command(out.type))
    return Error{Code::invalid_value,
                 fmt::format("\"{}\" is not a command; agent.expected, agent.stopped and agent.forgotten are",
                             base::printable(out.type))};
  return {};
}

void write_command(Writer& writer, const Command& command) {
  const Registration& agent = command.agent;
  // agent_type takes the place of a registration's `type`, so the count of its fields stands.
  writer.map(1 + count_fields(agent) + !command.by.empty() + !command.why.empty()).field("type", command.type);
  if (!command.by.empty()) writer.field("by", command.by);
  if (!command.why.empty()) writer.field("why", command.why);
  if (agent.type) writer.field("agent_type", *agent.type);
  write_fields(writer, agent, false);
}

}  // namespace lifesign::wire
