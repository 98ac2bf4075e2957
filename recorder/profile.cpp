#include "recorder/profile.h"

namespace lifesign::recorder {
namespace {

void write_texts(wire::Writer& writer, const std::vector<std::string>& texts) {
  writer.array(texts.size());
  for (const std::string& text : texts) writer.text(text);
}

void write_labels(wire::Writer& writer, const std::map<std::string, std::string>& labels) {
  writer.map(labels.size());
  for (const auto& [name, value] : labels) writer.field(name, std::string_view(value));
}

bool read_texts(wire::Reader& reader, std::vector<std::string>& out) {
  std::uint32_t n = 0;
  if (!reader.array(n)) return false;
  for (std::uint32_t i = 0; i < n; ++i) {
    std::string_view text;
    if (!reader.text(text)) return false;
    out.emplace_back(text);
  }
  return true;
}

bool read_labels(wire::Reader& reader, std::map<std::string, std::string>& out) {
  std::uint32_t n = 0;
  if (!reader.map(n)) return false;
  for (std::uint32_t i = 0; i < n; ++i) {
    std::string_view name, value;
    if (!reader.text(name) || !reader.text(value)) return false;
    out.emplace(name, value);
  }
  return true;
}

template <class T>
bool read_text(wire::Reader& reader, T& out) {
  std::string_view text;
  if (!reader.text(text)) return false;
  out = std::string(text);
  return true;
}

}  // namespace

Profile::Said& Profile::said() {
  if (!said_) said_ = std::make_unique<Said>();
  return *said_;
}

Profile::Registered& Profile::registered() {
  if (!registered_) registered_ = std::make_unique<Registered>();
  return *registered_;
}

void Profile::take(const wire::Beat& beat, base::LogTime time) {
  last_heartbeat = time;
  if (beat.has_progress) {
    has_progress = true;
    progress = beat.progress;
  }
  if (beat.has_error_count) error_count = beat.error_count;
  if (beat.has_activity) said().activity.assign(beat.activity);
  if (beat.has_task) said().task.assign(beat.task);
  if (!beat.metrics.empty()) said().metrics.assign(beat.metrics);
  if (said_ || beat.busy_for_ms != 0) said().busy_reason.assign(beat.busy_for_ms != 0 ? beat.busy_reason : "");
}

void Profile::take(const wire::Registration& from) {
  if (from.name) registered().name = from.name;
  if (from.type) registered().type = from.type;
  if (from.capabilities) registered().capabilities = from.capabilities;
  if (from.labels) registered().labels = from.labels;
  if (from.metadata) registered().metadata = from.metadata;
}

bool Profile::has_label(std::string_view name, std::string_view value) const {
  if (!registered_ || !registered_->labels) return false;
  const auto found = registered_->labels->find(std::string(name));
  return found != registered_->labels->end() && found->second == value;
}

void Profile::encode(wire::Writer& writer) const {
  const Said* s = said_.get();
  const Registered* r = registered_.get();
  const bool texts[] = {s && !s->activity.empty(), s && !s->task.empty(), s && !s->busy_reason.empty(),
                        s && !s->metrics.empty()};
  const bool known[] = {r && r->name, r && r->type, r && r->capabilities, r && r->labels, r && r->metadata};
  std::size_t pairs = 6 + (has_progress ? 1 : 0);
  for (const bool b : texts) pairs += b ? 1 : 0;
  for (const bool b : known) pairs += b ? 1 : 0;
  writer.map(pairs).field("created_at", base::to_wire(created_at)).field("status_since", base::to_wire(status_since));
  writer.field("last_heartbeat", base::to_wire(last_heartbeat)).field("total_heartbeats", total_heartbeats);
  writer.field("missed_heartbeats", missed_heartbeats).field("error_count", error_count);
  if (has_progress) writer.field("progress", progress);
  if (texts[0]) writer.field("activity", std::string_view(s->activity));
  if (texts[1]) writer.field("task", std::string_view(s->task));
  if (texts[2]) writer.field("busy_reason", std::string_view(s->busy_reason));
  if (texts[3]) writer.text("metrics").raw(s->metrics);
  if (known[0]) writer.field("name", std::string_view(*r->name));
  if (known[1]) writer.field("type", std::string_view(*r->type));
  if (known[2]) write_texts(writer.text("capabilities"), *r->capabilities);
  if (known[3]) write_labels(writer.text("labels"), *r->labels);
  if (known[4]) writer.text("metadata").raw(*r->metadata);
}

base::Status Profile::decode(wire::Reader& reader) {
  *this = Profile();
  std::uint32_t pairs = 0;
  bool good = reader.map(pairs);
  for (std::uint32_t i = 0; good && i < pairs; ++i) {
    std::string_view key;
    wire::Bytes packed;
    good = reader.text(key);
    if (!good) break;
    if (key == "created_at")
      good = reader.time(created_at);
    else if (key == "status_since")
      good = reader.time(status_since);
    else if (key == "last_heartbeat")
      good = reader.time(last_heartbeat);
    else if (key == "total_heartbeats")
      good = reader.u64(total_heartbeats);
    else if (key == "missed_heartbeats")
      good = reader.u64(missed_heartbeats);
    else if (key == "error_count")
      good = reader.u64(error_count);
    else if (key == "progress")
      good = has_progress = reader.u64(progress);
    else if (key == "activity")
      good = read_text(reader, said().activity);
    else if (key == "task")
      good = read_text(reader, said().task);
    else if (key == "busy_reason")
      good = read_text(reader, said().busy_reason);
    else if (key == "metrics") {
      if ((good = reader.raw(packed, wire::limits::field_depth))) said().metrics.assign(packed);
    } else if (key == "name")
      good = read_text(reader, registered().name);
    else if (key == "type")
      good = read_text(reader, registered().type);
    else if (key == "capabilities")
      good = read_texts(reader, registered().capabilities.emplace());
    else if (key == "labels")
      good = read_labels(reader, registered().labels.emplace());
    else if (key == "metadata") {
      if ((good = reader.raw(packed, wire::limits::field_depth))) registered().metadata.emplace(packed);
    } else
      good = reader.skip();
  }
  if (!good) return base::Error{base::Code::storage_failed, "damaged database: a profile cannot be read"};
  return {};
}

void Profile::describe(wire::Writer& writer, std::string_view agent_id, const liveness::RowView& view,
                       std::uint64_t as_of) const {
  static const Said no_words;
  static const Registered no_registration;
  const Said& s = said_ ? *said_ : no_words;
  const Registered& r = registered_ ? *registered_ : no_registration;
  const bool offline = view.status == liveness::Status::offline;
  const bool busy = view.busy_until.time_since_epoch().count() != 0;
  writer.map(std::size_t{26} + (offline ? 1 : 0) + (has_progress ? 1 : 0) + (busy ? 2 : 0));
  writer.field("agent_id", agent_id).field("name", std::string_view(r.name ? *r.name : std::string()));
  writer.field("type", std::string_view(r.type ? *r.type : std::string()));
  writer.field("status", liveness::status_name(view.status));
  if (offline) writer.field("cause", liveness::cause_name(view.cause));
  writer.flag("stalled", view.stalled).field("last_heartbeat", base::to_wire(last_heartbeat));
  writer.field("created_at", base::to_wire(created_at)).field("status_since", base::to_wire(status_since));
  if (r.metadata)
    writer.text("metadata").raw(*r.metadata);
  else
    writer.text("metadata").map(0);
  write_texts(writer.text("capabilities"), r.capabilities ? *r.capabilities : std::vector<std::string>());
  write_labels(writer.text("labels"), r.labels ? *r.labels : std::map<std::string, std::string>());
  writer.field("activity", std::string_view(s.activity)).field("task", std::string_view(s.task));
  if (has_progress) writer.field("progress", progress);
  if (busy)
    writer.field("busy_until", base::to_wire(view.busy_until)).field("busy_reason", std::string_view(s.busy_reason));
  writer.field("error_count", error_count).field("total_heartbeats", total_heartbeats);
  writer.field("missed_heartbeats", missed_heartbeats).field("interval_ms", view.interval_ms);
  writer.field("grace_ms", view.grace_ms).field("missed_limit", view.missed_limit);
  writer.field("stall_after_ms", view.stall_after_ms).field("schedule", view.schedule);
  writer.field("time_zone", view.time_zone).field("run", view.run).field("run_seq", view.run_seq);
  if (s.metrics.empty())
    writer.text("metrics").map(0);
  else
    writer.text("metrics").raw(s.metrics);
  writer.field("as_of", as_of);
}

}  // namespace lifesign::recorder
