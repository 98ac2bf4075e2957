// Bodies of ingest messages: what the broker's check takes, the codec and the fold read to the end, item by item; what
// it refuses breaks a rule that can be named; and what our encoders make of an item, it takes.
#include "base/text.h"
#include "broker/body_check.h"
#include "liveness/fold.h"
#include "liveness/schedule.h"
#include "target.h"
#include "wire/beat.h"
#include "wire/event.h"
#include "wire/limits.h"
#include "wire/registration.h"

namespace lifesign::fuzz {
namespace {

using wire::Kind;

struct Decoded {
  bool whole = false;  // every item could be read, and nothing is behind them
  bool ruled = true;   // and each obeys what the broker asks beside the codec
  std::uint32_t items = 0;
  std::string again;  // the items as our encoders write them
};

bool schedule_is_good(const wire::Registration& r) {
  if (!r.schedule || r.schedule->empty()) return r.schedule || !r.time_zone;
  return liveness::Schedule::parse(*r.schedule, r.time_zone.value_or("UTC")).ok();
}

// One item off the reader and onto the writer; false: it cannot be read.
bool decode_item(Kind kind, wire::Reader& reader, wire::Writer& writer, bool& ruled) {
  if (kind == Kind::beats || kind == Kind::backfill) {
    wire::Beat beat;
    if (!wire::read_beat(reader, beat).ok()) return false;
    LIFESIGN_ASSERT(base::is_agent_id(beat.agent_id), "agent id {}", base::printable(beat.agent_id));
    ruled = ruled && (kind == Kind::beats || beat.age_ms != 0);
    wire::write_beat(writer, beat);
    return true;
  }
  if (kind == Kind::registration) {
    wire::Registration registration;
    if (!wire::read_registration(reader, registration).ok()) return false;
    ruled = ruled && schedule_is_good(registration);
    wire::write_registration(writer, registration);
    return true;
  }
  if (kind == Kind::goodbye) {
    wire::Goodbye goodbye;
    if (!wire::read_goodbye(reader, goodbye).ok()) return false;
    wire::write_goodbye(writer, goodbye);
    return true;
  }
  if (kind == Kind::command) {
    wire::Command command;
    if (!wire::read_command(reader, command).ok()) return false;
    ruled = ruled && schedule_is_good(command.agent);
    wire::write_command(writer, command);
    return true;
  }
  wire::Event event;
  if (!wire::read_event(reader, event).ok()) return false;
  ruled = ruled && event.is_verdict && !event.agent_id.empty() && wire::events::is_verdict(event.type);
  writer.raw(event.map);
  return true;
}

Decoded decode(Kind kind, std::string_view body) {
  Decoded out;
  wire::Reader reader(body);
  std::string items;
  wire::Writer writer(items);
  if (!reader.array(out.items)) return out;
  for (std::uint32_t i = 0; i < out.items; ++i) {
    const std::size_t before = reader.offset();
    if (!decode_item(kind, reader, writer, out.ruled)) return out;
    const bool is_beat = kind == Kind::beats || kind == Kind::backfill;
    out.ruled = out.ruled && (is_beat || reader.offset() - before <= wire::limits::item_bytes);
  }
  out.whole = reader.at_end();
  const bool many = kind == Kind::beats || kind == Kind::backfill || kind == Kind::goodbye;
  const std::size_t most = many ? wire::limits::beats_per_message : wire::limits::items_per_message;
  out.ruled = out.ruled && out.items > 0 && out.items <= most;
  wire::Writer(out.again).array(out.items).raw(items);
  return out;
}

class Count : public liveness::Visitor {
 public:
  std::uint32_t items = 0;

 private:
  void on_beat(const wire::Beat&, std::uint64_t, base::LogTime, const liveness::Outcome&) override { ++items; }
  void on_backfill(const wire::Beat&, std::uint64_t, base::LogTime, const liveness::Outcome&) override { ++items; }
  void on_registration(const wire::Registration&, std::uint64_t, base::LogTime, const liveness::Outcome&) override {
    ++items;
  }
  void on_goodbye(const wire::Goodbye&, wire::Bytes, std::uint64_t, base::LogTime, const liveness::Outcome&) override {
    ++items;
  }
  void on_command(const wire::Command&, wire::Bytes, std::uint64_t, base::LogTime, const liveness::Outcome&) override {
    ++items;
  }
  void on_verdict(const wire::Event&, std::uint64_t, base::LogTime, const liveness::Outcome&) override { ++items; }
};

}  // namespace

void run(std::string_view input) {
  Input parts(input);
  const auto kind = static_cast<Kind>(1 + parts.byte() % 6);
  const std::string_view body = parts.rest();
  const auto count = broker::check_body(kind, body);
  const Decoded decoded = decode(kind, body);
  LIFESIGN_ASSERT(count.ok() == (decoded.whole && decoded.ruled), "{}: the check says {}, the codec {} and {}",
                  wire::kind_name(kind), count.ok() ? "good" : count.error().message, decoded.whole, decoded.ruled);
  if (!count.ok()) return;
  LIFESIGN_ASSERT(*count == decoded.items, "{} items, {} were read", *count, decoded.items);

  const auto again = broker::check_body(kind, decoded.again);
  LIFESIGN_ASSERT(again.ok() && *again == *count, "what was written again is refused: {}",
                  again.ok() ? "another number" : again.error().message);
  LIFESIGN_ASSERT(decode(kind, decoded.again).again == decoded.again, "what was read back is another body");

  liveness::Fold fold;
  Count folded;
  const wire::Entry entry{kind, 1, *count, base::log_time(1'700'000'000'000'000), 1, "10.0.0.1", body};
  const base::Status status = fold.apply_entry(entry, &folded);
  LIFESIGN_ASSERT(status.ok(), "the fold refuses what the broker took: {}", status.error().message);
  LIFESIGN_ASSERT(folded.items == *count, "the fold saw {} of {} items", folded.items, *count);
}

}  // namespace lifesign::fuzz
