#include "subscription.h"

#include <algorithm>

#include "base/assert.h"
#include "wire/event.h"
#include "wire/kinds.h"

namespace lifesign::sdk {

namespace events = wire::events;

std::optional<Incoming> read_incoming(const Value& map) {
  wire::Event read;
  if (map.type() != Value::Type::map || !wire::read_event(map.packed(), read).ok()) return std::nullopt;
  Incoming out;
  out.event.type = read.type;
  out.event.seq = read.seq;
  out.event.time = time_of(base::to_wire(read.time));
  out.event.agent_id = read.agent_id;
  out.event.provisional = read.provisional;
  out.event.fields = map;
  out.prev = read.prev;
  if (read.type == events::received) {
    out.run = map["run"].u64_or(0);
    out.run_seq = map["run_seq"].u64_or(0);
  }
  if (read.is_verdict) out.key = wire::verdict_key(read);
  return out;
}

std::optional<Tick> read_tick(const Value& map) {
  if (map["type"].text() != events::tick || !map["seq"].u64() || !map["broker_run"].u64()) return std::nullopt;
  Tick out;
  out.seq = map["seq"].u64_or(0);
  out.recorded = map["recorded"].u64_or(0);
  out.broker_run = map["broker_run"].u64_or(0);
  for (const auto& [type, seq] : map["last"].pairs()) out.last[type] = seq.u64_or(0);
  return out;
}

Subscription::Subscription(Options options) : options_(std::move(options)), unsure_(options_.since.has_value()) {
  LIFESIGN_ASSERT(!options_.types.empty() && options_.held_messages > 0, "{} types", options_.types.size());
  agents_.insert(options_.agent_ids.begin(), options_.agent_ids.end());
  Stream stream;
  if (options_.since) stream = {true, *options_.since, false};
  for (const std::string& type : options_.types) {
    if (type == events::received && !agents_.empty())
      for (const std::string& agent : agents_) beat_streams_[agent] = {stream, 0, 0};
    else
      streams_[type] = stream;
  }
}

std::vector<std::string> Subscription::topics() const {
  std::vector<std::string> out{wire::topic(events::tick, "")};
  for (const auto& [type, stream] : streams_) out.push_back(type + "/");
  for (const auto& [agent, stream] : beat_streams_) out.push_back(wire::topic(events::received, agent));
  return out;
}

void Subscription::on_event(Incoming event) {
  // Past the bound it is dropped, and the next event's prev or tick shows it like any other loss.
  if (!fills_.empty() || !held_.empty()) {
    if (held_.size() < options_.held_messages) held_.emplace_back(std::move(event));
    return;
  }
  if (!process_event(event)) held_.emplace_front(std::move(event));
}

void Subscription::on_tick(Tick tick) {
  stats_.last_tick = tick.seq;
  if (!fills_.empty() || !held_.empty()) {
    if (held_.size() < options_.held_messages) held_.emplace_back(std::move(tick));
    return;
  }
  process_tick(tick);
}

std::uint64_t Subscription::fill_from(const Stream& stream, std::uint64_t until) const {
  LIFESIGN_ASSERT(until > 0, "a fill up to 0");
  return stream.last != 0 ? stream.last : std::min(floor_, until - 1);
}

bool Subscription::process_event(Incoming& incoming) {
  const Event& event = incoming.event;
  if (event.type == events::received && !beat_streams_.empty()) return process_beat(incoming);
  const auto it = streams_.find(event.type);
  if (it == streams_.end()) return true;
  Stream& stream = it->second;
  if (stream.started && event.seq <= stream.last) {
    ++stats_.repeats;
    return true;
  }
  std::uint64_t lost_until = 0;
  if (stream.started && incoming.prev > stream.last)
    lost_until = incoming.prev;
  else if (stream.started && incoming.prev == 0 && (unsure_ || stream.published) && stream.last + 1 < event.seq)
    lost_until = event.seq - 1;
  if (lost_until != 0) {
    want({{event.type}, {}, fill_from(stream, lost_until), lost_until, {lost_until}});
    return false;
  }
  stream = {true, event.seq, true};
  deliver(std::move(incoming));
  return true;
}

bool Subscription::process_beat(Incoming& incoming) {
  const Event& event = incoming.event;
  const auto it = beat_streams_.find(event.agent_id);
  if (it == beat_streams_.end()) return true;
  BeatStream& beats = it->second;
  if (beats.stream.started && event.seq <= beats.stream.last) {
    ++stats_.repeats;
    return true;
  }
  if (unsure_ && beats.stream.started && beats.run == 0 && beats.stream.last + 1 < event.seq) {
    const std::uint64_t until = event.seq - 1;
    want({{event.type}, event.agent_id, beats.stream.last, until, {until}});
    return false;
  }
  if (beats.run != 0 && incoming.run_seq != 0 && beats.stream.last + 1 < event.seq) {
    const std::uint64_t expected = incoming.run == beats.run ? beats.run_seq + 1 : 1;
    if (incoming.run_seq > expected) {
      const std::uint64_t until = event.seq - 1;
      want({{event.type}, event.agent_id, fill_from(beats.stream, until), until, {until}});
      return false;
    }
  }
  beats = {{true, event.seq, true}, incoming.run, incoming.run_seq};
  deliver(std::move(incoming));
  return true;
}

void Subscription::process_tick(const Tick& tick) {
  const bool other_run = tick.broker_run != broker_run_;
  const bool first = broker_run_ == 0;
  broker_run_ = stats_.broker_run = tick.broker_run;
  unsure_ = false;
  if (first && !options_.since) begin(tick);
  for (auto& [type, stream] : streams_) stream.published = tick.last.contains(type) || (stream.published && !other_run);
  if (other_run && (!first || options_.since)) {
    fill_everything(tick);
    return;
  }
  Fill fill;
  for (const auto& [type, stream] : streams_) {
    const auto last = tick.last.find(type);
    if (last == tick.last.end() || last->second <= stream.last) continue;
    const std::uint64_t from = fill_from(stream, last->second);
    fill.since = fill.types.empty() ? from : std::min(fill.since, from);
    fill.until = std::max(fill.until, last->second);
    fill.types.push_back(type);
    fill.published.push_back(last->second);
  }
  if (!fill.types.empty()) want(std::move(fill));
}

// Live begins here: what came before is history, and nobody asked for it.
void Subscription::begin(const Tick& tick) {
  floor_ = tick.recorded;
  for (auto& [type, stream] : streams_) {
    if (stream.started) continue;
    const auto last = tick.last.find(type);
    stream = {true, last == tick.last.end() ? 0 : last->second, false};
  }
}

void Subscription::fill_everything(const Tick& tick) {
  if (tick.seq == 0) return;
  Fill fill;
  fill.until = tick.seq;
  for (const auto& [type, stream] : streams_) {
    if (stream.last >= tick.seq) continue;
    const std::uint64_t from = fill_from(stream, tick.seq);
    fill.since = fill.types.empty() ? from : std::min(fill.since, from);
    const auto last = tick.last.find(type);
    fill.types.push_back(type);
    fill.published.push_back(last == tick.last.end() ? 0 : last->second);
  }
  if (!fill.types.empty()) want(std::move(fill));
  for (const auto& [agent, beats] : beat_streams_)
    if (beats.stream.started && beats.stream.last < tick.seq)
      want({{std::string(events::received)}, agent, fill_from(beats.stream, tick.seq), tick.seq, {0}});
}

void Subscription::want(Fill fill) {
  LIFESIGN_ASSERT(fill.since < fill.until, "fill from {} to {}", fill.since, fill.until);
  LIFESIGN_ASSERT(fill.types.size() == fill.published.size(), "{} types", fill.types.size());
  ++stats_.gaps;
  fills_.push_back(std::move(fill));
}

bool Subscription::on_page(std::vector<Incoming> page, std::optional<std::uint64_t> next, std::uint64_t recorded) {
  LIFESIGN_ASSERT(!fills_.empty(), "a page that nobody asked for");
  Fill& fill = fills_.front();
  for (Incoming& incoming : page) {
    const Event& event = incoming.event;
    if (event.seq <= fill.since || event.seq > fill.until) continue;
    Stream* stream = nullptr;
    if (event.type == events::received && !beat_streams_.empty()) {
      const auto it = beat_streams_.find(event.agent_id);
      if (it == beat_streams_.end()) continue;
      if (event.seq > it->second.stream.last) {
        it->second.run = incoming.run;
        it->second.run_seq = incoming.run_seq;
      }
      stream = &it->second.stream;
    } else if (const auto it = streams_.find(event.type); it != streams_.end()) {
      stream = &it->second;
    }
    if (stream == nullptr || event.seq <= stream->last) continue;
    stream->started = true;
    stream->last = event.seq;
    ++stats_.fetched;
    deliver(std::move(incoming));
  }
  if (next && *next > fill.since && *next < fill.until) {
    fill.since = *next;
    return true;
  }
  // Without a next page the recorder has told all that it holds; which is all only if it has got that far.
  if (recorded < fill.until && !(next && *next >= fill.until)) return false;
  ++stats_.filled;
  const Fill done = std::move(fill);
  fills_.pop_front();
  settle(done, true);
  go_on();
  return true;
}

void Subscription::on_fill_failed(Error reason) {
  LIFESIGN_ASSERT(!fills_.empty(), "no fill");
  const Fill fill = std::move(fills_.front());
  fills_.pop_front();
  settle(fill, false);
  out_.emplace_back(Gap{fill.since, fill.until, fill.types, std::move(reason)});
  go_on();
}

void Subscription::settle(const Fill& fill, bool filled) {
  for (std::size_t i = 0; i < fill.types.size(); ++i) {
    const std::uint64_t seen = filled ? fill.until : fill.published[i];
    Stream* stream = nullptr;
    if (!fill.agent_id.empty())
      stream = &beat_streams_.at(fill.agent_id).stream;
    else
      stream = &streams_.find(fill.types[i])->second;
    stream->started = true;
    stream->last = std::max(stream->last, seen);
  }
}

void Subscription::go_on() {
  while (fills_.empty() && !held_.empty()) {
    Held held = std::move(held_.front());
    held_.pop_front();
    if (auto* tick = std::get_if<Tick>(&held)) {
      process_tick(*tick);
    } else if (auto& event = std::get<Incoming>(held); !process_event(event)) {
      held_.emplace_front(std::move(event));
    }
  }
}

bool Subscription::is_repeat(const std::string& key) {
  if (key.empty()) return false;
  if (!keys_.insert(key).second) return true;
  key_order_.push_back(key);
  if (key_order_.size() > options_.repeat_window) {
    keys_.erase(key_order_.front());
    key_order_.pop_front();
  }
  return false;
}

void Subscription::deliver(Incoming incoming) {
  if (!agents_.empty() && !agents_.contains(incoming.event.agent_id)) return;
  if (is_repeat(incoming.key)) {
    ++stats_.repeats;
    return;
  }
  ++stats_.delivered;
  out_.emplace_back(std::move(incoming.event));
}

Item Subscription::pop() {
  LIFESIGN_ASSERT(!out_.empty(), "nothing to deliver");
  Item item = std::move(out_.front());
  out_.pop_front();
  return item;
}

}  // namespace lifesign::sdk
