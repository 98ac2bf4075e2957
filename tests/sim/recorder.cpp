#include "sim/recorder.h"

#include <fmt/format.h>

#include <iterator>

#include "sim/broker.h"

namespace lifesign::sim {
namespace {

constexpr Micros start_every = 500ms;
constexpr Micros silence = 3s;
constexpr Micros speak_every = 10s;
constexpr Micros retry_every = 1s;
constexpr std::uint64_t queue_reserve = 2 << 20;  // these two as in RecorderProcess
constexpr std::uint64_t bytes_per_payload_byte = 4;
constexpr std::uint64_t least_grant = 256 << 10;

}  // namespace

Recorder::Recorder(Timeline& timeline, Random random, Disk& disk, Options options, Feed::Dial dial, Sabotage sabotage,
                   Watch watch)
    : Process(timeline),
      random_(random),
      disk_(disk),
      options_(options),
      sabotage_(sabotage),
      watch_(std::move(watch)),
      feed_(timeline, std::move(dial), [this] { wake(now() + 1ms); }) {}

void Recorder::start() {
  begin();
  ++life_;
  ++recoveries_;
  state_ = std::make_unique<recorder::State>(
      recorder::State::Options{}, [this](std::string_view key) -> std::optional<std::uint64_t> {
        return sabotage_ == Sabotage::forget_keys ? std::nullopt : store_.find_key(key);
      });
  store_.recover(*state_);
  durable_ = state_->position().seq;
  told_ = 0;
  run_ = state_->position().broker_run;
  outstanding_ = queued_bytes_ = 0;
  streaming_ = fresh_ = stale_ = full_ = false;
  started_ = heard_ = spoke_ = Micros(0);
  feed_.open();
  wake(now());
}

void Recorder::crash(bool halt) {
  // A transaction under way is there as a whole or not at all.
  if (!writing_.empty() && !disk_.full && random_.chance(0.5)) store_.commit(writing_);
  std::vector<LinkPtr> links;
  if (feed_.link()) links.push_back(feed_.link());
  end(links, Side::client, halt, random_);
  feed_.close();
  queue_.clear();
  writing_.clear();
  state_.reset();
}

void Recorder::cycle() {
  take_batches();
  state_->committed(durable_);
  tick();
  commit();
  if (queued_bytes_ > options_.queue)
    watch_.broken(fmt::format("the recorder's queue holds {} bytes, the bound is {}", queued_bytes_, options_.queue));
  wake(now() + 20ms);
}

void Recorder::take_batches() {
  Message message;
  while (feed_.next(message)) {
    heard_ = now();
    if (!message.body) {
      leave();  // an error: start again
      continue;
    }
    wire::BatchHeader header;
    const base::Status read = wire::read_batch_header(message.head, header);
    LIFESIGN_ASSERT(read.ok(), "{}", read.error().message);
    if (!streaming_ && !fresh_) continue;
    outstanding_ -= std::min<std::uint64_t>(outstanding_, message.body->size());
    streaming_ = true;
    const std::uint64_t held = state_->position().seq;
    if (header.first_seq == header.next_seq || header.next_seq <= held + 1) continue;
    if (!follows(header)) {
      leave();
      continue;
    }
    fresh_ = false;
    run_ = header.broker_run;
    base::Result<recorder::Work> work = state_->apply(header, *message.body);
    if (!work.ok()) {
      watch_.broken("the recorder refuses a batch: " + work.error().message);
      leave();
      continue;
    }
    if (work->entries.empty()) continue;
    queued_bytes_ += work->bytes();
    queue_.push_back(std::move(work).value());
  }
}

bool Recorder::follows(const wire::BatchHeader& header) const {
  return header.broker_run != run_ || header.first_seq <= state_->position().seq + 1 || fresh_;
}

void Recorder::tick() {
  if (feed_.take_lost()) {
    leave();
    feed_.close();
  }
  if (streaming_ && outstanding_ > 0 && now() - heard_ > silence) leave();
  if (!streaming_) return send_start();
  const std::uint64_t durable = sabotage_ == Sabotage::early_ack ? state_->position().seq : durable_;
  if (told_ < durable && feed_.send({.type = wire::LogRequest::Type::recorded, .value = durable})) {
    told_ = durable;
    spoke_ = now();
  }
  const std::uint64_t most = std::min(options_.window, room());
  const std::uint64_t grant = most > outstanding_ ? most - outstanding_ : 0;
  if (grant < std::min(least_grant, options_.window / 4) && now() - spoke_ <= speak_every) return;
  if (!feed_.send({.type = wire::LogRequest::Type::credit, .value = grant})) return;
  outstanding_ += grant;
  spoke_ = now();
}

std::uint64_t Recorder::room() const {
  const std::uint64_t used = queued_bytes_ + queue_reserve;
  return full_ || used >= options_.queue ? 0 : (options_.queue - used) / bytes_per_payload_byte;
}

void Recorder::send_start() {
  const recorder::Position& held = state_->position();
  if (durable_ != held.seq || (started_ != Micros(0) && now() - started_ < start_every)) return;
  if (stale_ || !feed_.is_open()) feed_.open();
  stale_ = false;
  wire::LogRequest request{
      .value = held.seq + 1, .token = token, .role = "recorder", .credit = std::min(options_.window, room())};
  request.ticks = false;
  request.broker_run = run_;
  request.held_time = to_wire(held.time);
  started_ = now();
  if (!feed_.send(request)) return;
  fresh_ = true;
  outstanding_ = request.credit;
  told_ = held.seq;
  spoke_ = now();
}

void Recorder::commit() {
  if (!writing_.empty() || queue_.empty()) return;
  writing_.swap(queue_);
  timeline_.after(disk_.sync_time(), [this, life = life_] { committed(life); });
}

void Recorder::committed(std::uint64_t life) {
  if (life != life_ || !up()) return;
  if (paused()) {  // the writer's thread stands still with the rest
    timeline_.at(paused_until(), [this, life] { committed(life); });
    return;
  }
  full_ = disk_.full;
  if (full_) {
    std::move(queue_.begin(), queue_.end(), std::back_inserter(writing_));
    queue_.clear();
    timeline_.after(retry_every, [this, life] { committed(life); });
    return;
  }
  store_.commit(writing_);
  durable_ = writing_.back().position.seq;
  for (const recorder::Work& work : writing_) queued_bytes_ -= work.bytes();
  writing_.clear();
  wake(now());
}

}  // namespace lifesign::sim
