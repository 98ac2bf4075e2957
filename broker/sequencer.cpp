#include "broker/sequencer.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "broker/body_check.h"
#include "wire/beat.h"
#include "wire/event.h"
#include "wire/limits.h"
#include "wire/writer.h"

namespace lifesign::broker {
namespace {

using base::Code;
using base::Error;
using base::Status;
using wire::Kind;

constexpr std::uint64_t retry_after_ms = 500;
constexpr base::Micros tick_record_every = std::chrono::seconds(1);
constexpr std::size_t unrecorded_marks = 65'536;

}  // namespace

Sequencer::Sequencer(const Bounds& bounds, std::string token, Counters& counters)
    : bounds_(bounds),
      token_(std::move(token)),
      counters_(counters),
      ring_(bounds.ring_bytes),
      acks_(bounds.acks_waiting),
      hold_(bounds.held_bytes),
      keys_(wire::limits::verdict_key_window),
      goodbyes_(wire::limits::verdict_key_window),
      beat_topics_(wire::limits::beat_topics) {}

void Sequencer::restore(std::uint64_t recorded, base::LogTime recorded_time) {
  recorded_ = recorded;
  recorder_seen_ = recorded_time != base::LogTime{};
}

void Sequencer::open_run(std::uint64_t run, std::uint64_t first_seq, base::LogTime blind_from, base::LogTime now,
                         Outbox& out) {
  LIFESIGN_ASSERT(run > run_ && first_seq >= next_seq_, "run {} after {}, first seq {}, next {}", run, run_, first_seq,
                  next_seq_);
  acks_.fail_all([&](const Waiting& waiting) { fail(waiting, "the broker had to open a new run", out); });
  hold_.release_provisional(base::LogTime::max(), publisher(out));
  ring_.clear();
  open_.clear();
  loose_ticks_.reset();
  unrecorded_.clear();
  unrecorded_bytes_ = 0;
  // What was sequenced and not recorded is unmade: it must be possible to say it again.
  keys_.clear();
  goodbyes_.clear();
  run_ = run;
  blind_from_ = std::min(blind_from, now);
  run_first_seq_ = next_seq_ = open_first_seq_ = first_seq;

  std::string event;
  wire::Writer(event)
      .map(6)
      .field("type", wire::events::broker_started)
      .field("broker_run", run)
      .field("first_seq", first_seq)
      .field("blind_from", to_wire(blind_from_))
      .field("blind_to", to_wire(now))
      .field("recorded", recorded_);
  append_event(wire::events::broker_started, event, now);
}

bool Sequencer::is_token(std::string_view token) const {
  // Compares all bytes whatever differs, so that the time it takes tells nothing.
  unsigned differs = token.size() != token_.size();
  for (std::size_t i = 0; i < std::min(token.size(), token_.size()); ++i)
    differs |= static_cast<unsigned char>(token[i] ^ token_[i]);
  return differs == 0 && !token_.empty();
}

std::uint64_t Sequencer::append(Kind kind, std::uint32_t count, base::LogTime now, std::uint32_t connection,
                                std::string_view peer, wire::Bytes body) {
  LIFESIGN_ASSERT(now >= time_, "log time would run back from {} to {}", to_wire(time_), to_wire(now));
  LIFESIGN_ASSERT(next_seq_ + count <= ceiling_, "seq {} + {} is over the ceiling {} that is on disk", next_seq_, count,
                  ceiling_);
  time_ = now;
  const std::uint64_t first_seq = next_seq_;
  wire::append_entry(open_, {kind, first_seq, count, now, connection, peer, body});
  next_seq_ += count;
  return first_seq;
}

void Sequencer::append_event(std::string_view type, const std::string& map, base::LogTime now) {
  std::string body;
  wire::Writer(body).array(1).raw(map);
  const std::uint64_t seq = append(Kind::event, 1, now, 0, {}, body);
  hold_.add({seq, now, std::string(type), {}, map});
}

Status Sequencer::admit(const Request& request) const {
  const wire::IngestHeader& header = request.header;
  if ((header.kind == Kind::verdicts || header.kind == Kind::command) && !is_token(header.token))
    return Error{Code::not_allowed,
                 fmt::format("{} needs the data folder's token in the header's options; this message "
                             "has {}",
                             wire::kind_name(header.kind), header.token.empty() ? "none" : "a wrong one")};
  return {};
}

Status Sequencer::can_keep(const Request& request) const {
  if (acks_.full())
    return Error{Code::overloaded, fmt::format("{} messages wait for the recorder already", acks_.size())};
  if (unrecorded_bytes_ + open_.size() + request.body.size() > ring_.max_bytes())
    return Error{Code::overloaded, "the log in memory is full of what the recorder has not taken yet"};
  return {};
}

void Sequencer::take(const Request& request, base::LogTime now, Outbox& out) {
  if (Status status = admit(request); !status.ok())
    return refuse(request.from, request.header.corr, status.error(), out);
  const base::Result<std::uint32_t> count = check_body(request.header.kind, request.body);
  if (!count.ok()) return refuse(request.from, request.header.corr, count.error(), out);
  if (!has_seqs())
    return refuse(request.from, request.header.corr,
                  {Code::overloaded, "sequence numbers wait for the broker's state file to reach the disk"}, out);

  const Kind kind = request.header.kind;
  // A beat proves life whether or not it can be kept until it is recorded, so it is sequenced in any case; what is
  // refused is the promise.
  const Status kept = request.header.ack == wire::Ack::recorded ? can_keep(request) : Status();
  if (!kept.ok() && kind != Kind::beats) return refuse(request.from, request.header.corr, kept.error(), out);
  if (open_.size() + request.body.size() > wire::limits::batch_bytes) cut();
  if (kind == Kind::verdicts) return take_verdicts(request, now, out);
  const std::uint64_t first_seq = append(kind, *count, now, request.connection, request.peer, request.body);
  switch (kind) {
    case Kind::beats:
      counters_[Count::beats] += *count;
      publish_beats(request.body, first_seq, now, out);
      break;
    case Kind::backfill:
      counters_[Count::backfilled] += *count;
      break;
    case Kind::registration:
      counters_[Count::registrations] += *count;
      break;
    case Kind::goodbye:
      counters_[Count::goodbyes] += *count;
      break;
    case Kind::command:
      counters_[Count::commands] += *count;
      break;
    default:
      break;
  }
  if (kind == Kind::goodbye || kind == Kind::command) hold_events(kind, request.body, first_seq, now);
  if (!kept.ok()) return refuse(request.from, request.header.corr, kept.error(), out);
  answer(request, first_seq, *count, now, out);
}

void Sequencer::take_verdicts(const Request& request, base::LogTime now, Outbox& out) {
  std::string fresh;
  std::uint32_t count = 0, items = 0;
  wire::Reader reader(request.body);
  wire::Event event;
  for (reader.array(items); items > 0; --items) {
    const Status status = wire::read_event(reader, event);
    LIFESIGN_ASSERT(status.ok(), "a checked verdict cannot be read");
    if (!keys_.insert(wire::verdict_key(event))) {
      ++counters_[Count::verdict_repeats];
      continue;
    }
    fresh.append(event.map);
    ++count;
  }
  if (count == 0) return answer(request, 0, 0, now, out);
  std::string body;
  wire::Writer(body).array(count).raw(fresh);
  const std::uint64_t first_seq = append(Kind::verdicts, count, now, request.connection, request.peer, body);
  counters_[Count::verdicts] += count;
  hold_events(Kind::verdicts, body, first_seq, now);
  answer(request, first_seq, count, now, out);
}

void Sequencer::hold_events(Kind kind, wire::Bytes body, std::uint64_t first_seq, base::LogTime now) {
  wire::Reader reader(body);
  std::uint32_t items = 0;
  reader.array(items);
  for (std::uint32_t i = 0; i < items; ++i) {
    HeldEvent held{first_seq + i, now, {}, {}, {}};
    Status read;
    if (kind == Kind::goodbye) {
      wire::Goodbye goodbye;
      read = wire::read_goodbye(reader, goodbye);
      // A goodbye that is sent again, since its ack was lost, stops nobody twice.
      const bool again = goodbye.run != 0 && !goodbyes_.insert(fmt::format("{}/{}", goodbye.agent_id, goodbye.run));
      if (read.ok() && again) continue;
      held.type = wire::events::stopped;
      held.agent_id = goodbye.agent_id;
      held.map = wire::goodbye_event(goodbye);
    } else if (kind == Kind::command) {
      wire::Command command;
      read = wire::read_command(reader, command);
      held.type = command.type;
      held.agent_id = command.agent.agent_id;
      held.map = wire::command_event(command);
    } else {
      wire::Event event;
      read = wire::read_event(reader, event);
      held.type = event.type;
      held.agent_id = event.agent_id;
      held.map = event.map;
    }
    LIFESIGN_ASSERT(read.ok(), "a checked item cannot be read");
    hold_.add(std::move(held));
  }
}

void Sequencer::publish_beats(wire::Bytes body, std::uint64_t first_seq, base::LogTime now, Outbox& out) {
  std::uint64_t prev = hold_.last(wire::events::received);
  std::uint64_t seq = first_seq;
  if (beat_topics_.none()) {
    wire::Reader reader(body);
    std::uint32_t items = 0;
    reader.array(items);
    hold_.note(wire::events::received, first_seq + items - 1);
    return;
  }
  wire::Beat beat;
  for (wire::BeatList list(body); list.next(beat); prev = seq++) {
    if (!beat_topics_.wants(beat.agent_id)) continue;
    out.events.push_back({wire::topic(wire::events::received, beat.agent_id), wire::stamp_beat(beat, seq, now, prev)});
    ++counters_[Count::events_published];
  }
  hold_.note(wire::events::received, prev);
}

void Sequencer::answer(const Request& request, std::uint64_t first_seq, std::uint32_t count, base::LogTime now,
                       Outbox& out) {
  const wire::IngestHeader& header = request.header;
  if (header.ack == wire::Ack::none) return;
  if (header.ack == wire::Ack::recorded && count > 0) {
    const std::uint64_t wait = header.deadline_ms != 0 ? header.deadline_ms : wire::limits::deadline_ms_default;
    acks_.add(
        {std::string(request.from), header.corr, first_seq, first_seq + count - 1, now, now + base::Millis(wait)});
    return;
  }
  out.replies.add(request.from, {.code = "received", .corr = header.corr, .first_seq = first_seq, .time = now});
  ++counters_[Count::acks_received];
}

void Sequencer::refuse(std::string_view to, std::uint64_t corr, const Error& error, Outbox& out) {
  ++counters_[Count::refused];
  last_refusal_ = error.message;
  if (error.code == Code::overloaded) ++counters_[Count::refused_overloaded];
  if (error.code == Code::not_allowed) ++counters_[Count::refused_not_allowed];
  out.replies.add(to, {.code = base::code_name(error.code),
                       .corr = corr,
                       .message = error.message,
                       .retry_after_ms = error.code == Code::overloaded ? retry_after_ms : 0});
}

void Sequencer::fail(const Waiting& waiting, std::string_view why, Outbox& out) {
  ++counters_[Count::refused_unavailable];
  refuse(waiting.to, waiting.corr,
         {Code::recorder_unavailable,
          fmt::format("{}; the message is sequenced and may be recorded later: send it again with the same run and "
                      "run_seq, and it is counted once",
                      why)},
         out);
}

EventHold::Publish Sequencer::publisher(Outbox& out) {
  return [this, &out](std::string topic, std::string map) {
    out.events.push_back({std::move(topic), std::move(map)});
    ++counters_[Count::events_published];
  };
}

void Sequencer::blind(const BlindSpan& span, base::LogTime now) {
  std::string event;
  wire::Writer(event)
      .map(4)
      .field("type", wire::events::blind)
      .field("cause", span.cause)
      .field("blind_from", to_wire(span.from))
      .field("blind_to", to_wire(span.to));
  append_event(wire::events::blind, event, now);
  ++counters_[Count::blind_spans];
}

void Sequencer::clock_stepped(base::Micros step, base::Micros slew, base::LogTime now) {
  std::string event;
  wire::Writer writer(event);
  writer.map(3).field("type", wire::events::clock_stepped);
  writer.text("step_ms").i64(step.count() / 1000).text("slew_ms").i64(slew.count() / 1000);
  append_event(wire::events::clock_stepped, event, now);
  ++counters_[Count::clock_steps];
}

void Sequencer::gap(std::uint64_t lost_from, std::uint64_t lost_to, base::LogTime blind_from, base::LogTime blind_to,
                    base::LogTime now, Outbox& out) {
  // Whoever waits for what is lost must not be told that it was recorded, and nobody that it stands.
  acks_.fail_range(lost_from, lost_to,
                   [&](const Waiting& waiting) { fail(waiting, "it left memory before the recorder took it", out); });
  hold_.release_lost(lost_to, publisher(out));
  keys_.clear();
  goodbyes_.clear();
  std::string event;
  wire::Writer(event)
      .map(5)
      .field("type", wire::events::gap)
      .field("lost_from", lost_from)
      .field("lost_to", lost_to)
      .field("blind_from", to_wire(blind_from))
      .field("blind_to", to_wire(blind_to));
  append_event(wire::events::gap, event, now);
  ++counters_[Count::log_gaps];
}

void Sequencer::closed(std::uint32_t connection, base::LogTime now) {
  // It only sharpens the cause of a timeout, so it is the first to go when sequence numbers run short.
  if (next_seq_ + own_reserve > ceiling_) return;
  std::string body;
  wire::Writer(body).array(1).u64(connection);
  append(Kind::closed, 1, now, 0, {}, body);
}

void Sequencer::tick(base::LogTime time, Outbox& out) {
  const std::string_view empty_array("\x90", 1);
  const bool record = time - tick_recorded_ >= tick_record_every && next_seq_ + own_reserve <= ceiling_;
  append(Kind::tick, record ? 1 : 0, time, 0, {}, empty_array);
  if (time - tick_recorded_ < tick_record_every) return;
  tick_recorded_ = time;

  OutgoingEvent event{wire::topic(wire::events::tick, {}), {}};
  wire::Writer writer(event.map);
  writer.map(6).field("type", wire::events::tick).field("time", to_wire(time)).field("seq", next_seq_ - 1);
  writer.field("recorded", recorded_).field("broker_run", run_).text("last").map(hold_.lasts().size());
  for (const auto& [type, seq] : hold_.lasts()) writer.field(type, seq);
  out.events.push_back(std::move(event));
}

void Sequencer::recorded(std::uint64_t seq, Outbox& out) {
  LIFESIGN_ASSERT(seq < next_seq_, "the recorder reports {}, and {} was not given out yet", seq, next_seq_);
  if (seq <= recorded_) return;
  recorded_ = seq;
  progressed_ = time_;
  while (!unrecorded_.empty() && unrecorded_.front().last_seq <= seq) {
    recorded_time_ = unrecorded_.front().time;
    unrecorded_bytes_ -= unrecorded_.front().bytes;
    unrecorded_.pop_front();
  }
  acks_.release(seq, [&](const Waiting& waiting) {
    out.replies.add(waiting.to,
                    {.code = "recorded", .corr = waiting.corr, .first_seq = waiting.first_seq, .time = waiting.time});
    ++counters_[Count::acks_recorded];
  });
  hold_.release(seq, publisher(out));
}

void Sequencer::recorder_connected(bool connected, base::LogTime now) {
  if (has_recorder_ && !connected) recorder_left_ = now;
  has_recorder_ = connected;
  recorder_seen_ = recorder_seen_ || connected;
}

void Sequencer::expire(base::LogTime now, Outbox& out) {
  acks_.expire(now, [&](const Waiting& waiting) {
    fail(waiting,
         has_recorder_ ? "the recorder did not get it to disk before the deadline" : "no recorder is connected", out);
  });
  const bool away = !has_recorder_ && now - recorder_left_ > bounds_.provisional_after;
  hold_.release_provisional(now - (away ? bounds_.provisional_after : bounds_.provisional_at_last), publisher(out));
}

bool Sequencer::cut() {
  loose_ticks_.reset();
  if (open_.empty()) return false;
  if (open_first_seq_ == next_seq_) {
    loose_ticks_ = Batch{open_first_seq_, open_first_seq_, time_, std::make_shared<const std::string>(open_)};
    open_.clear();
    return false;
  }
  counters_[Count::log_bytes] += open_.size();
  ++counters_[Count::log_batches];
  if (unrecorded_.size() < unrecorded_marks)
    unrecorded_.push_back({next_seq_ - 1, time_, open_.size()});
  else
    unrecorded_.back() = {next_seq_ - 1, time_, unrecorded_.back().bytes + open_.size()};
  unrecorded_bytes_ += open_.size();
  ring_.push({open_first_seq_, next_seq_, time_, std::make_shared<const std::string>(open_)});
  open_.clear();
  open_first_seq_ = next_seq_;
  return true;
}

bool Sequencer::pressed(base::LogTime now) const {
  constexpr base::Micros patience = std::chrono::milliseconds(500);  // then it is not behind but stuck, or away
  return has_recorder_ && unrecorded_bytes_ > ring_.max_bytes() / 4 * 3 && now - progressed_ < patience;
}

base::LogTime Sequencer::recorded_time() const {
  if (!recorder_seen_) return {};
  // Until broker.started itself is recorded, a broker that dies again has to report this run's blind span too.
  if (recorded_ < run_first_seq_) return blind_from_;
  return unrecorded_.empty() ? time_ : recorded_time_;
}

void Sequencer::update_gauges() {
  counters_[Count::acks_waiting] = acks_.size();
  counters_[Count::events_held] = hold_.size();
  counters_[Count::events_provisional] = hold_.provisional();
  counters_[Count::ring_bytes] = ring_.bytes();
  counters_[Count::beat_topics_refused] = beat_topics_.refused();
}

}  // namespace lifesign::broker
