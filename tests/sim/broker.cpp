#include "sim/broker.h"

#include <fmt/format.h>

#include "wire/ingest.h"

namespace lifesign::sim {
namespace {

constexpr std::uint64_t reserve = 1 << 20;  // as the broker's own
constexpr std::size_t messages_per_cycle = 1024;
constexpr std::size_t slow_messages = 2;
constexpr Micros state_every = 1s;
constexpr Micros settle_most = 200ms;  // the I/O thread is up to date a little before Drain trusts it

}  // namespace

Broker::Broker(Timeline& timeline, Random random, Machine& machine, Disk& disk, const broker::Bounds& bounds,
               Sabotage sabotage, Watch watch)
    : Process(timeline),
      random_(random),
      machine_(machine),
      bounds_(bounds),
      sabotage_(sabotage),
      watch_(std::move(watch)),
      state_(timeline, disk) {}

void Broker::start() {
  begin();
  ++life_;
  const broker::Reading reading = machine_.read(now());
  const std::optional<broker::State> kept = state_.load();
  const base::LogTime start = broker::start_time(kept, reading, machine_.boot_id());
  sequencer_ = std::make_unique<broker::Sequencer>(bounds_, std::string(token), counters_);
  desk_ = std::make_unique<LogDesk>(*sequencer_);
  clock_.emplace(start, reading);
  drain_.emplace(5ms, 1s, start);

  base::LogTime blind_from = kept ? kept->time : start;
  if (kept && kept->recorded_time != base::LogTime{}) blind_from = std::min(blind_from, kept->recorded_time);
  if (sabotage_ == Sabotage::forget_blind) blind_from = start;
  const std::uint64_t first_seq = kept ? kept->ceiling : 1;
  if (kept) sequencer_->restore(kept->recorded, kept->recorded_time);
  broker::State next = kept.value_or(broker::State{});
  next.run = kept ? kept->run + 1 : static_cast<std::uint64_t>(reading.wall.count());
  next.ceiling = first_seq + reserve;
  next.time = start;
  next.boot = reading.boot;
  next.boot_id = machine_.boot_id();
  state_.write_now(next);
  sequencer_->set_ceiling(next.ceiling);
  state_kept_ = start;
  watched_ = 0;
  sequencer_->open_run(next.run, first_seq, blind_from, start, out_);
  wake(now());
}

void Broker::go(bool halt) {
  std::vector<LinkPtr> links = desk_->links();
  for (const auto& [number, ingest] : ingest_) links.push_back(ingest.link);
  for (const auto& [number, link] : events_) links.push_back(link);
  end(links, Side::server, halt, random_);
  state_.crash();
  ingest_.clear();
  events_.clear();
  inbox_.clear();
  unread_ = 0;
  closing_.clear();
  closed_.clear();
  out_ = {};
  desk_.reset();
  sequencer_.reset();
}

void Broker::crash(bool halt) {
  go(halt);
}

void Broker::stop() {
  cut();
  flush();
  broker::State last = state();
  last.ceiling = sequencer_->next_seq();
  state_.write_now(last);
  go(false);
}

void Broker::accept_ingest(const LinkPtr& link) {
  const std::uint32_t number = link->number();
  ingest_[number].link = link;
  link->end(Side::server) = {[this, number](const Message& m) { arrived(number, m); },
                             [this, number] {
                               ingest_.erase(number);
                               closing_.push_back(number);
                             }};
}

void Broker::accept_events(const LinkPtr& link) {
  events_[link->number()] = link;
  link->end(Side::server) = {[](const Message&) {}, [this, number = link->number()] { events_.erase(number); }};
}

void Broker::arrived(std::uint32_t number, const Message& message) {
  Ingest& ingest = ingest_[number];
  ++unread_;
  if (paused() && ingest.visible_from < paused_until())
    ingest.visible_from =
        paused_until() + random_.between(0ms, std::min(settle_most, (paused_until() - now()) * 4 / 5));
  if (ingest.visible_from <= now()) {
    inbox_.push_back({number, message});
    return;
  }
  timeline_.at(ingest.visible_from, [this, number, message, life = life_] {
    if (life == life_ && up()) inbox_.push_back({number, message});
  });
}

void Broker::cycle() {
  const std::optional<broker::ClockStep> step = clock_->update(machine_.read(now()));
  const base::LogTime head = clock_->now();
  if (step) sequencer_->clock_stepped(step->step, step->slew, head);
  const auto span = drain_->loop(head, clock_->suspended());
  if (span && sabotage_ != Sabotage::forget_blind) sequencer_->blind(*span, head);
  sequencer_->set_ceiling(state_.ceiling());
  read_ingest();
  if (const auto ahead = desk_->answer(head, out_)) open_new_run(*ahead);
  sequencer_->expire(head, out_);
  desk_->send(head);
  flush();
  keep_state();
  check_bounds();
  wake(now() + random_.between(3ms, 5ms));
}

void Broker::read_ingest() {
  const base::LogTime at = clock_->now();
  const std::size_t most = now() < slow_until_ ? slow_messages : messages_per_cycle;
  if (sabotage_ == Sabotage::undrained_ticks) write_tick(at);
  bool empty = false;
  for (std::size_t i = 0; i < most && !sequencer_->pressed(at); ++i) {
    if (inbox_.empty()) {
      empty = true;
      break;
    }
    const Unread unread = std::move(inbox_.front());
    inbox_.pop_front();
    --unread_;
    broker::Request request;
    const std::string from = std::to_string(unread.connection);
    request.from = from;
    request.connection = unread.connection;
    request.peer = "127.0.0.1";
    const base::Status read = wire::read_ingest_header(unread.message.head, request.header);
    LIFESIGN_ASSERT(read.ok(), "{}", read.error().message);
    request.body = *unread.message.body;
    sequencer_->take(request, at, out_);
    if (sequencer_->batch_is_large()) cut();
  }
  if (empty) ingest_empty(at);
  cut();
}

void Broker::ingest_empty(base::LogTime at) {
  for (const std::uint32_t connection : closed_) sequencer_->closed(connection, at);
  closed_ = std::exchange(closing_, {});
  if (!sequencer_->has_seqs()) return drain_->lost_beats();
  if (const auto span = drain_->drained(at); span && sabotage_ != Sabotage::forget_blind) sequencer_->blind(*span, at);
  if (drain_->tick_due(at)) {
    write_tick(at);
    drain_->ticked();
  }
}

void Broker::write_tick(base::LogTime at) {
  ++ticks_;
  if (unread_ > 0) watch_.broken(fmt::format("a tick at {} while {} messages wait unread", to_wire(at), unread_));
  sequencer_->tick(at, out_);
}

void Broker::cut() {
  sequencer_->cut();
  // It cuts by itself too, where a batch grows too large.
  const broker::Ring& ring = sequencer_->ring();
  for (; watched_ < ring.end_index(); ++watched_) watch_.batch(ring.at(watched_), sequencer_->run());
}

void Broker::open_new_run(const LogDesk::Ahead& ahead) {
  broker::State next = state();
  ++next.run;
  next.ceiling = std::max(ahead.seq, sequencer_->next_seq()) + reserve;
  state_.write_now(next);
  sequencer_->set_ceiling(next.ceiling);
  clock_->raise(ahead.held);
  const base::LogTime at = clock_->now();
  base::LogTime blind_from = std::min(sequencer_->blind_from(), at);
  if (sequencer_->recorded_time() != base::LogTime{}) blind_from = std::min(blind_from, sequencer_->recorded_time());
  if (ahead.held != base::LogTime{}) blind_from = std::min(blind_from, ahead.held);
  sequencer_->open_run(next.run, std::max(ahead.seq, sequencer_->next_seq()), blind_from, at, out_);
  watched_ = sequencer_->ring().first_index();
}

broker::State Broker::state() const {
  return {sequencer_->run(),      state_.ceiling(),           clock_->now(), clock_->boot(), machine_.boot_id(),
          sequencer_->recorded(), sequencer_->recorded_time()};
}

void Broker::keep_state() {
  if (clock_->now() - state_kept_ < state_every) return;
  broker::State s = state();
  s.ceiling = std::max(state_.ceiling(), sequencer_->next_seq() + reserve);
  state_kept_ = clock_->now();
  state_.write_later(s);
}

void Broker::flush() {
  for (const broker::OutgoingReplies& reply : out_.replies) {
    const auto ingest = ingest_.find(static_cast<std::uint32_t>(std::stoul(reply.to)));
    if (ingest != ingest_.end()) ingest->second.link->send(ingest->second.link, Side::client, {reply.bytes, nullptr});
  }
  for (const broker::OutgoingEvent& event : out_.events) {
    const auto map = std::make_shared<const std::string>(event.map);
    for (const auto& [number, link] : events_)
      if (!random_.chance(events_lost_)) link->send(link, Side::client, {event.topic, map});
  }
  out_.replies.clear();
  out_.events.clear();
}

void Broker::check_bounds() {
  constexpr std::uint64_t batch_most = wire::limits::batch_frame_bytes;
  constexpr std::uint64_t event_least = 128;  // what the hold counts for each
  sequencer_->update_gauges();
  const auto over = [&](std::string_view what, std::uint64_t is, std::uint64_t most) {
    if (is > most) watch_.broken(fmt::format("{} is {}, the bound is {}", what, is, most));
  };
  over("ring_bytes", counters_[broker::Count::ring_bytes], bounds_.ring_bytes + batch_most);
  over("acks_waiting", counters_[broker::Count::acks_waiting], bounds_.acks_waiting);
  over("events_held", counters_[broker::Count::events_held], bounds_.held_bytes / event_least + 1024);
}

}  // namespace lifesign::sim
