#include "sim/host.h"

#include "wire/beat.h"
#include "wire/ingest.h"
#include "wire/registration.h"

namespace lifesign::sim {
namespace {

constexpr Micros reply_timeout = 7s;

wire::Ack to_wire(Ack ack) {
  return ack == Ack::recorded ? wire::Ack::recorded : ack == Ack::received ? wire::Ack::received : wire::Ack::none;
}

}  // namespace

Host::Host(Timeline& timeline, Random random, Options options, Feed::Dial dial, std::function<void(Acked)> recorded)
    : Process(timeline),
      random_(random),
      options_(std::move(options)),
      dial_(std::move(dial)),
      recorded_(std::move(recorded)),
      clock_off_(options_.clock_off) {
  for (std::size_t i = 0; i < options_.members.size(); ++i) ids_.push_back(options_.name + "-" + std::to_string(i));
}

void Host::start() {
  begin();
  spool_.emplace(sdk::SpoolLimits{.items = 256}, random_.next() >> 1);
  registrations_.emplace(reply_timeout);
  goodbyes_.emplace(reply_timeout);
  timers_ = {};
  sent_.clear();
  replies_.clear();
  lost_ = false;
  dial_at_ = now();
  lives_.clear();
  lives_.resize(options_.members.size());
  for (std::size_t i = 0; i < size(); ++i) new_run(i);
  wake(now());
}

void Host::new_run(std::size_t member) {
  Life& life = lives_[member];
  life = {};
  life.member.id = ids_[member];
  life.member.run = random_.next() | 1;
  life.member.interval = Millis(options_.members[member].interval_ms);
  register_member(member);
  timers_.emplace(now() + random_.between(0ms, 50ms), member);
}

void Host::register_member(std::size_t member) {
  const Policy& policy = options_.members[member];
  wire::Registration r;
  r.agent_id = ids_[member];
  r.run = lives_[member].member.run;
  r.interval_ms = static_cast<std::uint64_t>(policy.interval_ms);
  r.grace_ms = policy.grace_ms;
  r.missed_limit = policy.limit;
  r.labels = {{"host", options_.name}};
  std::string packed;
  wire::Writer writer(packed);
  wire::write_registration(writer, r);
  registrations_->add(member, std::move(packed));
}

void Host::crash(bool halt) {
  std::vector<LinkPtr> links;
  if (link_) links.push_back(link_);
  end(links, Side::client, halt, random_);
  link_.reset();
}

void Host::say_goodbye(std::size_t member) {
  if (!up() || lives_[member].left) return;
  lives_[member].left = true;
  std::string packed;
  wire::Writer writer(packed);
  wire::write_goodbye(writer, {.agent_id = ids_[member], .run = lives_[member].member.run, .reason = "done"});
  goodbyes_->add(member, std::move(packed));
  spool_->forget(member);
  wake(now());
}

void Host::come_back(std::size_t member) {
  if (!up() || !lives_[member].left) return;
  new_run(member);
  wake(now());
}

void Host::connect() {
  if (link_ || now() < dial_at_) return;
  link_ = dial_();
  if (!link_) {
    dial_at_ = now() + random_.between(100ms, 500ms);
    return;
  }
  link_->end(Side::client) = {[this](const Message& m) {
                                replies_.push_back(m.head);
                                wake(now());
                              },
                              [this] {
                                lost_ = true;
                                wake(now());
                              }};
  spool_->connected();
  // Everybody beats, but for those whose last beat is as good as new.
  for (std::size_t i = 0; i < size(); ++i) {
    const sdk::Member& m = lives_[i].member;
    const Micros recent = std::min<Micros>(m.interval / 2, 1s);
    if (beats(i) && m.last_beat != Micros(0) && now() >= m.last_beat + recent) beat(i);
  }
}

void Host::cycle() {
  take_replies();
  if (std::exchange(lost_, false)) {
    link_->leave(Side::client);
    link_.reset();
    spool_->disconnected();
    registrations_->disconnected();
    goodbyes_->disconnected();
    dial_at_ = now() + random_.between(50ms, 300ms);
  }
  connect();
  spool_->on_time(now());
  registrations_->on_time(now());
  goodbyes_->on_time(now());
  make_due_beats();
  pump();
  Micros next = std::min({spool_->wake_at(now()), registrations_->wake_at(now()), goodbyes_->wake_at(now())});
  if (!timers_.empty()) next = std::min(next, timers_.top().first);
  if (!link_) next = std::min(next, dial_at_);
  if (next != Micros::max()) wake(std::max(next, now() + 1ms));
}

void Host::make_due_beats() {
  while (!timers_.empty() && timers_.top().first <= now()) {
    const std::size_t member = timers_.top().second;
    timers_.pop();
    Life& life = lives_[member];
    if (life.left) continue;
    const Micros interval = life.member.interval;
    const Micros renewed = life.member.last_beat + interval;  // by a beat made meanwhile
    if (life.member.last_beat != Micros(0) && renewed > now() + 1ms) {
      timers_.emplace(renewed, member);
      continue;
    }
    if (!life.hung) beat(member);
    timers_.emplace(now() + interval, member);
  }
}

void Host::beat(std::size_t member) {
  sdk::Member& m = lives_[member].member;
  std::vector<sdk::Spool::Dropped> dropped;
  const std::uint64_t order =
      spool_->add(m.make_beat(member, options_.ack, now(), world_epoch + now() + clock_off_), now(), dropped);
  if (options_.ack == Ack::recorded) sent_.emplace(order, Sent{member, m.run, m.run_seq});
  for (const auto& gone : dropped) sent_.erase(gone.order);
}

void Host::take_replies() {
  for (; !replies_.empty(); replies_.pop_front()) {
    wire::Reply reply;
    for (wire::Bytes rest = replies_.front(); !rest.empty();) {
      const base::Status read = wire::read_reply(rest, reply);
      LIFESIGN_ASSERT(read.ok(), "{}", read.error().message);
      take_reply(reply);
    }
  }
}

void Host::take_reply(const wire::Reply& reply) {
  const sdk::Spool::Outcome outcome = spool_->on_reply(reply, now());
  for (const auto& [order, seq] : outcome.taken) {
    const auto sent = sent_.find(order);
    if (sent == sent_.end()) continue;
    if (reply.code == "recorded") recorded_({ids_[sent->second.member], sent->second.run, sent->second.run_seq, seq});
    sent_.erase(sent);
  }
  if (outcome.what != sdk::Spool::Outcome::What::unknown) return;
  if (registrations_->on_reply(reply, now()).what == sdk::Courier::Outcome::What::unknown)
    goodbyes_->on_reply(reply, now());
}

bool Host::send(wire::Kind kind, Ack ack, std::uint64_t corr, std::string body) {
  wire::IngestHeader header;
  header.kind = kind;
  header.corr = corr;
  header.ack = to_wire(ack);
  if (ack == Ack::recorded) header.deadline_ms = 5'000;
  link_->send(link_, Side::server,
              {wire::write_ingest_header(header), std::make_shared<const std::string>(std::move(body))});
  return true;
}

void Host::pump() {
  if (!link_) return;
  const auto deliver = [&](sdk::Courier& courier, wire::Kind kind) {
    const std::uint64_t corr = ++corr_;
    if (auto body = courier.next(corr, now())) send(kind, Ack::recorded, corr, std::move(*body));
  };
  deliver(*registrations_, wire::Kind::registration);
  for (;;) {
    const std::uint64_t corr = ++corr_;
    auto message = spool_->next(corr, now());
    if (!message) break;
    send(message->kind, message->ack, corr, std::move(message->body));
    spool_->sent(corr);
  }
  deliver(*goodbyes_, wire::Kind::goodbye);
}

}  // namespace lifesign::sim
