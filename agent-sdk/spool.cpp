#include "spool.h"

#include <algorithm>

#include "base/assert.h"
#include "retry.h"
#include "wire/limits.h"
#include "wire/writer.h"

namespace lifesign::sdk {
namespace {

// What one item costs beside its bytes: the nodes of the tables that hold it.
constexpr std::size_t item_overhead = 128;

std::size_t cost(const SpoolItem& item) {
  return item.head.size() + item.fields.size() + item_overhead;
}

}  // namespace

Spool::Spool(const SpoolLimits& limits, std::uint64_t seed)
    : limits_(limits), random_(static_cast<std::minstd_rand::result_type>(seed | 1)) {
  LIFESIGN_ASSERT(limits.items > 0 && limits.messages_in_flight > 0, "a spool for {} items", limits.items);
  LIFESIGN_ASSERT(limits.message_items <= wire::limits::beats_per_message, "{} items", limits.message_items);
}

bool Spool::may_send(Micros now) const {
  return connected_ && now >= paused_until_ && flights_.size() < limits_.messages_in_flight;
}

bool Spool::is_newest(std::uint64_t order, const Entry& entry) const {
  const auto it = newest_.find(entry.item.agent);
  return it != newest_.end() && it->second == order;
}

void Spool::place(std::uint64_t order) {
  const auto it = items_.find(order);
  if (it == items_.end()) return;  // given up meanwhile
  (is_newest(order, it->second) ? fresh_ : old_).insert(order);
}

void Spool::erase(std::uint64_t order) {
  const auto it = items_.find(order);
  if (it == items_.end()) return;
  bytes_ -= cost(it->second.item);
  fresh_.erase(order);
  old_.erase(order);
  failed_.erase(order);
  items_.erase(it);
}

std::uint64_t Spool::add(SpoolItem item, Micros now, std::vector<Dropped>& dropped) {
  const std::uint64_t order = next_order_++;
  std::uint64_t& newest = newest_[item.agent];
  // What could not go at once proves nothing any more once there is a newer beat.
  // (It may be free to go by now and still be here, when this beat comes before next() has had its turn.)
  if ((!may_send(now) || newest < held_below_) && fresh_.erase(newest) == 1) old_.insert(newest);
  newest = order;
  bytes_ += cost(item);
  items_.emplace(order, Entry{std::move(item)});
  fresh_.insert(order);
  while (items_.size() > 1 && (items_.size() > limits_.items || bytes_ > limits_.bytes)) {
    const auto& [oldest, entry] = *items_.begin();
    dropped.push_back({oldest, entry.item.agent, entry.item.run_seq});
    erase(oldest);
  }
  return order;
}

void Spool::connected() {
  connected_ = true;
  held_below_ = next_order_;
}

void Spool::disconnected() {
  connected_ = false;
  failing_ = probe_ = false;
  failures_ = 0;
  retry_at_ = Micros::max();
  paused_until_ = Micros{0};
  // Nothing that was on its way can be answered any more.
  for (const auto& [corr, flight] : flights_)
    for (const std::uint64_t order : flight.orders) place(order);
  flights_.clear();
  for (const std::uint64_t order : std::exchange(failed_, {})) place(order);
  for (const std::uint64_t order : std::exchange(fresh_, {})) place(order);
}

Spool::Message Spool::pack(wire::Kind kind, std::set<std::uint64_t>& from, std::size_t most, std::uint64_t corr,
                           Micros now) {
  Message message;
  message.kind = kind;
  Flight flight{kind, Ack::none, now, {}};
  std::string beats;
  wire::Writer writer(beats);
  while (!from.empty() && flight.orders.size() < most) {
    const std::uint64_t order = *from.begin();
    Entry& entry = items_.at(order);
    const SpoolItem& item = entry.item;
    if (!flight.orders.empty() && (entry.alone || beats.size() + cost(item) > limits_.message_bytes)) break;
    const bool aged = kind == wire::Kind::backfill;
    writer.array(4).raw(item.head).map(item.field_count + aged).raw(item.fields);
    if (aged) {
      const auto age = std::max<std::int64_t>(1, std::chrono::duration_cast<Millis>(now - item.made_at).count());
      writer.field("age_ms", std::min(static_cast<std::uint64_t>(age), wire::limits::interval_ms_max));
    }
    flight.ack = std::max(flight.ack, item.ack);
    message.resent += entry.sent_before;
    flight.orders.push_back(order);
    from.erase(from.begin());
    if (entry.alone) break;
  }
  message.ack = flight.ack;
  message.count = flight.orders.size();
  wire::Writer(message.body).array(message.count).raw(beats);
  flights_.emplace(corr, std::move(flight));
  return message;
}

std::optional<Spool::Message> Spool::next(std::uint64_t corr, Micros now) {
  LIFESIGN_ASSERT(flights_.empty() || corr > flights_.rbegin()->first, "corr {} was used before", corr);
  if (!may_send(now)) {
    held_below_ = next_order_;
    return std::nullopt;
  }
  if (!fresh_.empty()) return pack(wire::Kind::beats, fresh_, limits_.message_items, corr, now);
  if (old_.empty() || (failing_ && !probe_)) return std::nullopt;
  for (const auto& [other, flight] : flights_)
    if (flight.kind == wire::Kind::backfill) return std::nullopt;  // one at a time
  const std::size_t most = failing_ ? 1 : limits_.backfill_items;
  probe_ = false;
  return pack(wire::Kind::backfill, old_, most, corr, now);
}

void Spool::sent(std::uint64_t corr) {
  const auto it = flights_.find(corr);
  LIFESIGN_ASSERT(it != flights_.end(), "corr {} is not in flight", corr);
  if (it->second.ack == Ack::none) {
    for (const std::uint64_t order : it->second.orders) erase(order);
    flights_.erase(it);
    return;
  }
  for (const std::uint64_t order : it->second.orders) items_.at(order).sent_before = true;
}

void Spool::not_sent(std::uint64_t corr) {
  const auto it = flights_.find(corr);
  LIFESIGN_ASSERT(it != flights_.end(), "corr {} is not in flight", corr);
  for (const std::uint64_t order : it->second.orders)
    (it->second.kind == wire::Kind::beats ? fresh_ : old_).insert(order);
  flights_.erase(it);
  held_below_ = next_order_;
}

Spool::Micros Spool::jittered(Micros time) {
  return time + Micros(std::uniform_int_distribution<std::int64_t>(0, time.count() / 4)(random_));
}

void Spool::fail(const Flight& flight, Micros now) {
  for (const std::uint64_t order : flight.orders)
    if (items_.contains(order)) failed_.insert(order);
  failing_ = true;
  if (retry_at_ != Micros::max()) return;
  retry_at_ = now + jittered(back_off(failures_++));
}

Spool::Outcome Spool::on_reply(const wire::Reply& reply, Micros now) {
  Outcome outcome;
  const auto it = flights_.find(reply.corr);
  if (it == flights_.end()) return outcome;
  const Flight flight = std::move(it->second);
  flights_.erase(it);
  using What = Outcome::What;

  if (reply.ok()) {
    outcome.what = What::taken;
    for (std::size_t i = 0; i < flight.orders.size(); ++i) {
      if (!items_.contains(flight.orders[i])) continue;
      outcome.taken.push_back({flight.orders[i], reply.first_seq + i});
      erase(flight.orders[i]);
    }
    failing_ = probe_ = false;
    failures_ = 0;
    retry_at_ = Micros::max();
    for (const std::uint64_t order : std::exchange(failed_, {})) place(order);
    return outcome;
  }
  switch (verdict_on(reply.code)) {
    case Retry::after_pause:
      outcome.what = What::later;
      paused_until_ = now + jittered(pause_asked_for(reply.retry_after_ms));
      for (const std::uint64_t order : flight.orders) place(order);
      break;
    case Retry::backed_off:
      outcome.what = What::later;
      fail(flight, now);
      break;
    case Retry::never:
      if (flight.orders.size() > 1) {
        outcome.what = What::split;
        for (const std::uint64_t order : flight.orders) {
          if (const auto item = items_.find(order); item != items_.end()) item->second.alone = true;
          place(order);
        }
      } else {
        outcome.what = What::refused;
        outcome.refused = flight.orders;
        for (const std::uint64_t order : flight.orders) erase(order);
      }
      break;
  }
  return outcome;
}

void Spool::on_time(Micros now) {
  while (!flights_.empty() && now >= flights_.begin()->second.sent_at + limits_.reply_timeout) {
    const Flight flight = std::move(flights_.begin()->second);
    flights_.erase(flights_.begin());
    fail(flight, now);
  }
  if (now < retry_at_) return;
  retry_at_ = Micros::max();
  if (failed_.empty()) return;
  const std::uint64_t latest = *failed_.rbegin();
  failed_.erase(latest);
  place(latest);
  probe_ = true;
  // Should nothing come of the probe either, the next one must not wait for an answer to it.
  if (!failed_.empty()) retry_at_ = now + jittered(back_off(failures_++));
}

bool Spool::is_settled() const {
  return fresh_.empty() && std::none_of(flights_.begin(), flights_.end(),
                                        [](const auto& f) { return f.second.kind == wire::Kind::beats; });
}

Spool::Micros Spool::wake_at(Micros now) const {
  Micros at = retry_at_;
  if (!flights_.empty()) at = std::min(at, flights_.begin()->second.sent_at + limits_.reply_timeout);
  if (paused_until_ > now && (!fresh_.empty() || !old_.empty())) at = std::min(at, paused_until_);
  return at;
}

}  // namespace lifesign::sdk
