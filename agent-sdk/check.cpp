#include "check.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>

#include "base/text.h"
#include "convert.h"
#include "wire/limits.h"

namespace lifesign::sdk {
namespace {

namespace limits = wire::limits;

Status check_count(std::string_view field, std::int64_t value, std::uint64_t min, std::uint64_t max) {
  if (value >= 0 && static_cast<std::uint64_t>(value) >= min && static_cast<std::uint64_t>(value) <= max) return {};
  return Error{Code::invalid_value, fmt::format("{} is {}; it must be between {} and {}", field, value, min, max)};
}

std::uint64_t count(Millis duration) {
  return static_cast<std::uint64_t>(duration.count());
}

}  // namespace

Status check_agent_id(std::string_view id) {
  if (base::is_agent_id(id)) return {};
  return Error{Code::invalid_agent_id, fmt::format("agent id \"{}\" cannot be used: 1 to 128 bytes of UTF-8 without "
                                                   "control characters and without '/' are allowed",
                                                   base::printable(id))};
}

Status check_interval(Millis interval) {
  return check_count("interval_ms", interval.count(), limits::interval_ms_min, limits::interval_ms_max);
}

Status check_text(std::string_view field, std::string_view text, std::size_t max_bytes) {
  if (text.size() > max_bytes)
    return Error{Code::invalid_value,
                 fmt::format("{} has {} bytes; at most {} are allowed", field, text.size(), max_bytes)};
  if (!base::is_utf8(text)) return Error{Code::invalid_value, fmt::format("{} is not UTF-8", field)};
  return {};
}

Status check_metrics(const std::map<std::string, double>& metrics) {
  if (metrics.size() > limits::metrics)
    return Error{Code::invalid_value,
                 fmt::format("metrics has {} entries; at most {} are allowed", metrics.size(), limits::metrics)};
  for (const auto& [name, value] : metrics)
    if (Status status = check_text("a metric's name", name, limits::short_text_bytes); !status.ok()) return status;
  return {};
}

Status check_busy_for(Millis duration) {
  return check_count("busy_for_ms", duration.count(), 0, limits::busy_for_ms_max);
}

Status check_fields(const BeatFields& fields) {
  Status status;
  if (fields.interval && !(status = check_interval(*fields.interval)).ok()) return status;
  if (fields.activity && !(status = check_text("activity", *fields.activity, limits::short_text_bytes)).ok())
    return status;
  if (fields.task && !(status = check_text("task", *fields.task, limits::text_bytes)).ok()) return status;
  if (fields.busy_for && !(status = check_busy_for(*fields.busy_for)).ok()) return status;
  if (!(status = check_text("busy_reason", fields.busy_reason, limits::text_bytes)).ok()) return status;
  return check_metrics(fields.metrics);
}

Result<wire::Registration> to_wire(std::string_view agent_id, std::uint64_t run, const Registration& registration) {
  if (Status status = check_agent_id(agent_id); !status.ok()) return status.error();
  wire::Registration out;
  out.agent_id = agent_id;
  out.run = run;
  out.name = registration.name;
  out.type = registration.type;
  out.capabilities = registration.capabilities;
  out.labels = registration.labels;
  out.metadata = registration.metadata;
  if (registration.interval) out.interval_ms = count(*registration.interval);
  if (registration.grace) out.grace_ms = count(*registration.grace);
  if (registration.stall_after) out.stall_after_ms = count(*registration.stall_after);
  if (registration.missed_limit) out.missed_limit = *registration.missed_limit;
  out.schedule = registration.schedule;
  out.time_zone = registration.time_zone;

  // Read back by the rules that the broker goes by, so that there is one set of them. A negative duration has become
  // a number far above its bound.
  std::string packed;
  wire::Writer writer(packed);
  wire::write_registration(writer, out);
  wire::Reader reader(packed);
  wire::Registration checked;
  if (base::Status status = wire::read_registration(reader, checked); !status.ok()) return to_public(status.error());
  if (!reader.at_end()) return Error{Code::invalid_value, "metadata must be exactly one packed map"};
  return out;
}

std::string endpoint_or_default(const std::string& given, const char* variable, int port) {
  if (!given.empty()) return given;
  if (const char* value = std::getenv(variable); value != nullptr && *value != '\0') return value;
  return fmt::format("tcp://127.0.0.1:{}", port);
}

std::uint64_t random_bits(unsigned bits) {
  std::uint64_t value = 0;
  while (::getrandom(&value, sizeof value, 0) != static_cast<ssize_t>(sizeof value)) {
    if (errno == EINTR) continue;
    // Only where the kernel has no getrandom: the clock's low digits must do.
    value =
        static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) * 0x9E3779B97F4A7C15u;
    break;
  }
  value >>= 64 - bits;
  return value == 0 ? 1 : value;
}

}  // namespace lifesign::sdk
