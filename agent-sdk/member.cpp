#include "member.h"

#include <algorithm>

#include "wire/limits.h"
#include "wire/writer.h"

namespace lifesign::sdk {

SpoolItem Member::make_beat(std::uint64_t handle, Ack ack, base::Micros now, base::Micros wall) {
  SpoolItem item;
  item.agent = handle;
  item.ack = ack;
  item.made_at = now;
  item.run_seq = ++run_seq;
  last_beat = now;

  wire::Writer head(item.head);
  head.text(id).u64(run).u64(run_seq);

  wire::Writer fields(item.fields);
  const auto add = [&](std::string_view key, auto value) {
    fields.field(key, value);
    ++item.field_count;
  };
  add("interval_ms", static_cast<std::uint64_t>(interval.count()));
  add("sent_at", static_cast<std::uint64_t>(wall.count()));
  if (activity) add("activity", std::string_view(*activity));
  if (task) add("task", std::string_view(*task));
  if (progress) add("progress", *progress);
  if (error_count) add("error_count", *error_count);
  if (!metrics.empty()) {
    fields.text("metrics").raw(metrics);
    ++item.field_count;
  }
  if (busy_until > now) {
    // What is left of the wait, since each beat's own word counts.
    const auto left = std::chrono::ceil<Millis>(busy_until - now);
    add("busy_for_ms", std::min(static_cast<std::uint64_t>(left.count()), wire::limits::busy_for_ms_max));
    if (!busy_reason.empty()) add("busy_reason", std::string_view(busy_reason));
  }
  return item;
}

std::string pack_metrics(const std::map<std::string, double>& metrics) {
  std::string out;
  if (metrics.empty()) return out;
  wire::Writer writer(out);
  writer.map(metrics.size());
  for (const auto& [name, value] : metrics) writer.text(name).real(value);
  return out;
}

}  // namespace lifesign::sdk
