#include "beat_loop.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <exception>

#include "base/assert.h"
#include "check.h"
#include "convert.h"
#include "net/socket.h"
#include "wire/beat.h"
#include "wire/limits.h"

namespace lifesign::sdk {
namespace {

constexpr std::size_t beats_per_lock = 256;  // callers never wait for longer than these take to make
constexpr std::size_t beats_per_cycle = 4'096;
constexpr std::size_t replies_per_cycle = 1'024;
constexpr base::Micros send_retry{10'000};
constexpr base::Micros report_every{1'000'000};
constexpr base::Micros reply_margin{2'000'000};  // on top of the deadline, for the way there and back
constexpr base::Micros longest_wait{60'000'000};

SpoolLimits with_deadline(SpoolLimits limits, Millis deadline) {
  limits.reply_timeout = deadline + reply_margin;
  return limits;
}

}  // namespace

Result<std::unique_ptr<BeatLoop>> BeatLoop::start(LoopOptions options) {
  if (options.deadline.count() < 1 || options.deadline.count() > 60'000)
    return Error{Code::invalid_config,
                 fmt::format("deadline is {} ms; it must be between 1 and 60000", options.deadline.count())};
  if (options.spool.items < 1 || options.spool.bytes < 4'096)
    return Error{Code::invalid_config, "spool_messages must be at least 1 and spool_bytes at least 4096"};
  if (options.linger.count() < 0 || options.linger.count() > 60'000)
    return Error{Code::invalid_config,
                 fmt::format("linger is {} ms; it must be between 0 and 60000", options.linger.count())};
  auto connection = Connection::open(options.endpoint, options.linger);
  if (!connection.ok()) return to_public(connection.error());
  std::unique_ptr<BeatLoop> self(new BeatLoop(std::move(options)));
  self->connection_ = std::move(connection).value();
  try {
    self->thread_ = std::thread([loop = self.get()] { loop->run(); });
  } catch (const std::system_error& e) {
    return Error{Code::io_failed, fmt::format("cannot start a thread: {}", e.what())};
  }
  return self;
}

BeatLoop::BeatLoop(LoopOptions options)
    : options_(std::move(options)),
      pid_(::getpid()),
      spool_(with_deadline(options_.spool, options_.deadline), random_bits(31)),
      registrations_(options_.deadline + reply_margin),
      goodbyes_(options_.deadline + reply_margin) {}

BeatLoop::~BeatLoop() {
  stop(options_.linger);
}

void BeatLoop::assert_outside() const {
  LIFESIGN_ASSERT(std::this_thread::get_id() != thread_.get_id(),
                  "an Agent or AgentGroup must not be destroyed inside one of its own callbacks (endpoint {})",
                  options_.endpoint);
}

void BeatLoop::stop(base::Micros linger) {
  if (!thread_.joinable()) return;
  assert_outside();
  {
    const std::lock_guard lock(mutex_);
    linger_until_ = base::boot_now() + linger;
    stopping_ = true;
  }
  connection_->wake();
  thread_.join();
}

void BeatLoop::run() {
  try {
    while (true) {
      cycle();
      const std::lock_guard lock(mutex_);
      if (stopping_) break;
    }
    settle();
  } catch (const std::exception& e) {
    report({Code::io_failed, fmt::format("the background thread stops: {}", e.what())}, base::boot_now());
  }
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (Handover& left : handover_) finish(std::move(left.done), closed_error());
    for (Goodbye& left : new_goodbyes_) finish(std::move(left.done), closed_error());
    handover_.clear();
    new_goodbyes_.clear();
  }
  for (auto& [order, done] : waiting_) finish(std::move(done), closed_error());
  for (auto& [key, done] : waiting_goodbyes_) finish(std::move(done), closed_error());
  publish_and_call();
}

void BeatLoop::cycle() {
  const base::Micros now = base::boot_now();
  take_in(now);
  make_due_beats(now);
  pump(now);
  publish_and_call();
  wait(now);
}

// A change of the connection is looked at last: a reply that came before a loss is an answer, and a beat that was
// handed over before a reconnect is older than it.
void BeatLoop::take_in(base::Micros now) {
  take_replies(now);
  take_handover(now);
  watch_connection(now);
  spool_.on_time(now);
  registrations_.on_time(now);
  goodbyes_.on_time(now);
}

// What was handed over still leaves, if somebody is there to take it. A courier has one message under way, so the last
// goodbyes go only when the first ones are answered.
void BeatLoop::settle() {
  base::Micros until{0};
  {
    const std::lock_guard lock(mutex_);
    until = linger_until_;
  }
  while (true) {
    const base::Micros now = base::boot_now();
    take_in(now);
    pump(now);
    publish_and_call();
    // With nobody there we do not wait for somebody to come: a program ends no later for a broker that is away.
    if (now >= until || !spool_.is_connected()) break;
    if (spool_.is_settled() && registrations_.size() == 0 && goodbyes_.size() == 0) break;
    connection_->wait(std::min(until, wake_at(now)) - base::boot_now());
  }
  // What is left of it is for messages that ask for no answer.
  connection_->set_linger(std::max(Millis{0}, std::chrono::duration_cast<Millis>(until - base::boot_now())));
}

void BeatLoop::watch_connection(base::Micros now) {
  for (const bool up : connection_->changes()) {
    if (up == spool_.is_connected()) continue;
    if (!up) {
      spool_.disconnected();
      registrations_.disconnected();
      goodbyes_.disconnected();
      report(
          {Code::disconnected, fmt::format("the connection to {} is gone; it is being made again", options_.endpoint)},
          now);
      continue;
    }
    ++stats_.connects;
    spool_.connected();
    const std::lock_guard lock(mutex_);
    to_beat_.clear();
    for (const auto& [handle, member] : members_) to_beat_.push_back(handle);
  }
  stats_.connected = spool_.is_connected();
}

void BeatLoop::take_replies(base::Micros now) {
  zmq::message_t frame;
  for (std::size_t i = 0; i < replies_per_cycle && connection_->receive(frame); ++i) {
    wire::Reply reply;
    base::Status status;
    wire::Bytes rest = net::view(frame);
    do {
      status = wire::read_reply(rest, reply);
      if (status.ok()) take_reply(reply, now);
    } while (status.ok() && !rest.empty());
    if (!status.ok()) report(to_public(status.error().within("the broker's reply")), now);
  }
}

void BeatLoop::take_reply(const wire::Reply& reply, base::Micros now) {
  const auto error = [&] { return answered(reply.code, std::string(reply.message)); };
  const Receipt receipt{reply.code == "recorded" ? Ack::recorded : Ack::received, reply.first_seq,
                        time_of(base::to_wire(reply.time))};
  const auto finish_one = [&](std::unordered_map<std::uint64_t, Done>& waiting, std::uint64_t key,
                              Result<Receipt> result) {
    const auto it = waiting.find(key);
    if (it == waiting.end()) return;
    finish(std::move(it->second), std::move(result));
    waiting.erase(it);
  };

  const Spool::Outcome beats = spool_.on_reply(reply, now);
  for (const auto& [order, seq] : beats.taken) finish_one(waiting_, order, Receipt{receipt.level, seq, receipt.time});
  for (const std::uint64_t order : beats.refused) finish_one(waiting_, order, error());
  stats_.acknowledged += beats.taken.size();
  stats_.refused += beats.refused.size();

  bool known = beats.what != Spool::Outcome::What::unknown;
  if (!known) {
    const Courier::Outcome outcome = registrations_.on_reply(reply, now);
    known = outcome.what != Courier::Outcome::What::unknown;
    any_registered_ |= outcome.what == Courier::Outcome::What::taken;
    any_registration_refused_ |= outcome.what == Courier::Outcome::What::refused;
  }
  if (!known) {
    const Courier::Outcome outcome = goodbyes_.on_reply(reply, now);
    known = outcome.what != Courier::Outcome::What::unknown;
    for (std::size_t i = 0; i < outcome.keys.size(); ++i) {
      if (reply.ok())
        finish_one(waiting_goodbyes_, outcome.keys[i], Receipt{receipt.level, receipt.seq + i, receipt.time});
      else
        finish_one(waiting_goodbyes_, outcome.keys[i], error());
    }
  }
  if (!reply.ok()) report(error(), now);  // also for a message that asked for no answer
  const std::lock_guard lock(mutex_);
  if (reply.ok())
    trouble_.reset();
  else if (known)
    trouble_ = error();
}

void BeatLoop::take_handover(base::Micros now) {
  std::vector<Handover> beats;
  std::vector<std::pair<std::uint64_t, std::string>> registrations;
  std::vector<Goodbye> goodbyes;
  std::vector<std::uint64_t> forgotten;
  std::unordered_set<std::uint64_t> withdrawn;
  {
    const std::lock_guard lock(mutex_);
    beats.swap(handover_);
    registrations.swap(new_registrations_);
    goodbyes.swap(new_goodbyes_);
    forgotten.swap(forgotten_);
    withdrawn.swap(withdrawn_);
    registrations_kept_ = registrations_.size() + registrations.size();
    goodbyes_kept_ = goodbyes_.size() + goodbyes.size();
  }
  for (auto& [handle, packed] : registrations) registrations_.add(handle, std::move(packed));
  if (!withdrawn.empty()) registrations_.withdraw(withdrawn);
  for (Handover& beat : beats) add_to_spool(std::move(beat.item), std::move(beat.done), now);
  for (Goodbye& goodbye : goodbyes) {
    goodbyes_.add(goodbye.key, std::move(goodbye.packed));
    if (goodbye.done) waiting_goodbyes_.emplace(goodbye.key, std::move(goodbye.done));
  }
  for (const std::uint64_t handle : forgotten) spool_.forget(handle);
}

void BeatLoop::make_due_beats(base::Micros now) {
  std::vector<SpoolItem> made;
  const base::Micros wall = base::wall_now();
  more_due_ = true;
  for (std::size_t done = 0; more_due_ && done < beats_per_cycle; done += beats_per_lock) {
    {
      const std::lock_guard lock(mutex_);
      // After a reconnect everybody beats, but for those whose last beat is as good as new.
      while (!to_beat_.empty() && made.size() < beats_per_lock) {
        const auto it = members_.find(to_beat_.back());
        to_beat_.pop_back();
        if (it == members_.end() || it->second.stopped) continue;
        const base::Micros recent = std::min<base::Micros>(it->second.interval / 2, std::chrono::seconds(1));
        if (now < it->second.last_beat + recent) continue;
        made.push_back(it->second.make_beat(it->first, options_.ack, now, wall));
      }
      while (!timers_.empty() && timers_.top().first <= now && made.size() < beats_per_lock) {
        const auto [due, handle] = timers_.top();
        timers_.pop();
        const auto it = members_.find(handle);
        if (it == members_.end() || it->second.due != due || it->second.stopped) continue;
        Member& member = it->second;
        // A beat that was made meanwhile, for whatever reason, has renewed the promise.
        if (const base::Micros next = member.last_beat + member.interval;
            member.last_beat > member.armed_at && next > now) {
          arm(member, handle, next);
          continue;
        }
        made.push_back(member.make_beat(handle, options_.ack, now, wall));
        arm(member, handle, now + member.interval);
      }
      more_due_ = !to_beat_.empty() || (!timers_.empty() && timers_.top().first <= now);
      made_ += made.size();
    }
    for (SpoolItem& item : made) add_to_spool(std::move(item), {}, now);
    made.clear();
  }
}

void BeatLoop::add_to_spool(SpoolItem item, Done done, base::Micros now) {
  std::vector<Spool::Dropped> dropped;
  const std::uint64_t order = spool_.add(std::move(item), now, dropped);
  if (done) waiting_.emplace(order, std::move(done));
  stats_.dropped += dropped.size();
  for (const auto& [gone, agent, run_seq] : dropped) {
    Error error{Code::queue_full,
                fmt::format("beat {} of its run was dropped: {} beats and {} bytes wait for their "
                            "acknowledgement, the bounds are {} and {}",
                            run_seq, spool_.size(), spool_.bytes(), options_.spool.items, options_.spool.bytes)};
    if (const auto it = waiting_.find(gone); it != waiting_.end()) {
      finish(std::move(it->second), error);
      waiting_.erase(it);
    }
    report(std::move(error), now);
  }
}

bool BeatLoop::send(wire::Kind kind, Ack ack, std::uint64_t corr, std::string_view body) {
  wire::IngestHeader header;
  header.kind = kind;
  header.corr = corr;
  header.ack = to_wire(ack);
  if (ack == Ack::recorded) header.deadline_ms = static_cast<std::uint64_t>(options_.deadline.count());
  send_failed_ = !connection_->send(wire::write_ingest_header(header), body);
  return !send_failed_;
}

void BeatLoop::pump(base::Micros now) {
  send_failed_ = false;
  if (!spool_.is_connected()) return;
  const auto deliver = [&](Courier& courier, wire::Kind kind) {
    const std::uint64_t corr = next_corr_++;
    const auto body = courier.next(corr, now);
    if (body && !send(kind, Ack::recorded, corr, *body)) courier.not_sent();
  };
  deliver(registrations_, wire::Kind::registration);
  while (!send_failed_) {
    const std::uint64_t corr = next_corr_++;
    const auto message = spool_.next(corr, now);
    if (!message) break;
    if (send(message->kind, message->ack, corr, message->body)) {
      spool_.sent(corr);
      stats_.resent += message->resent;
    } else {
      spool_.not_sent(corr);
    }
  }
  if (!send_failed_) deliver(goodbyes_, wire::Kind::goodbye);
}

base::Micros BeatLoop::wake_at(base::Micros now) const {
  const base::Micros at =
      std::min({now + longest_wait, spool_.wake_at(now), registrations_.wake_at(now), goodbyes_.wake_at(now)});
  return send_failed_ ? std::min(at, now + send_retry) : at;
}

void BeatLoop::wait(base::Micros now) {
  base::Micros at = more_due_ ? now : wake_at(now);
  {
    const std::lock_guard lock(mutex_);
    if (!timers_.empty()) at = std::min(at, timers_.top().first);
    if (stopping_ || !handover_.empty()) at = now;
  }
  connection_->wait(at - base::boot_now());
}

void BeatLoop::report(Error error, base::Micros now) {
  {
    const std::lock_guard lock(mutex_);
    last_error_ = error;
  }
  if (!options_.on_error) return;
  const auto it =
      std::find_if(reported_.begin(), reported_.end(), [&](const auto& r) { return r.first == error.code; });
  if (it != reported_.end()) {
    if (now < it->second + report_every) return;
    it->second = now;
  } else {
    reported_.emplace_back(error.code, now);
  }
  try {
    options_.on_error(error);
  } catch (...) {  // the caller's exception is not ours to carry
  }
}

void BeatLoop::finish(Done done, Result<Receipt> result) {
  if (done) finished_.emplace_back(std::move(done), std::move(result));
}

void BeatLoop::publish_and_call() {
  stats_.spooled = spool_.size();
  stats_.registered = any_registered_ && !any_registration_refused_ && registrations_.size() == 0;
  {
    const std::lock_guard lock(mutex_);
    published_ = stats_;
    registrations_kept_ = registrations_.size();
    goodbyes_kept_ = goodbyes_.size();
  }
  for (auto& [done, result] : std::exchange(finished_, {})) {
    try {
      done(std::move(result));
    } catch (...) {
    }
  }
}

}  // namespace lifesign::sdk
