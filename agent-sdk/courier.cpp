#include "courier.h"

#include <utility>

#include "base/assert.h"
#include "retry.h"
#include "wire/limits.h"
#include "wire/writer.h"

namespace lifesign::sdk {
namespace {

constexpr std::size_t message_items = 256;
constexpr std::size_t message_bytes = 128 * 1'024;  // a few registrations with all their metadata
static_assert(message_items <= wire::limits::items_per_message);

}  // namespace

void Courier::add(std::uint64_t key, std::string packed) {
  waiting_.push_back({key, std::move(packed)});
}

void Courier::withdraw(const std::unordered_set<std::uint64_t>& keys) {
  std::erase_if(waiting_, [&](const Item& item) { return keys.contains(item.key); });
  for (Item& item : flight_) item.withdrawn |= keys.contains(item.key);
}

void Courier::put_back() {
  for (auto it = flight_.rbegin(); it != flight_.rend(); ++it)
    if (!it->withdrawn) waiting_.push_front(std::move(*it));
  flight_.clear();
}

void Courier::disconnected() {
  put_back();
  not_before_ = Micros{0};
  failures_ = 0;
}

std::optional<std::string> Courier::next(std::uint64_t corr, Micros now) {
  if (!flight_.empty() || waiting_.empty() || now < not_before_) return std::nullopt;
  std::string items;
  while (!waiting_.empty() && flight_.size() < message_items) {
    Item& item = waiting_.front();
    if (!flight_.empty() && (item.alone || items.size() + item.packed.size() > message_bytes)) break;
    items += item.packed;
    flight_.push_back(std::move(item));
    waiting_.pop_front();
    if (flight_.back().alone) break;
  }
  corr_ = corr;
  sent_at_ = now;
  std::string body;
  wire::Writer(body).array(flight_.size()).raw(items);
  return body;
}

void Courier::not_sent() {
  put_back();
}

Courier::Outcome Courier::on_reply(const wire::Reply& reply, Micros now) {
  Outcome outcome;
  if (flight_.empty() || reply.corr != corr_) return outcome;
  using What = Outcome::What;
  const auto gone = [&](What what) {
    outcome.what = what;
    for (const Item& item : flight_) outcome.keys.push_back(item.key);
    flight_.clear();
    failures_ = 0;
  };
  if (reply.ok()) {
    gone(What::taken);
    return outcome;
  }
  outcome.what = What::later;
  switch (verdict_on(reply.code)) {
    case Retry::after_pause:
      not_before_ = now + pause_asked_for(reply.retry_after_ms);
      break;
    case Retry::backed_off:
      not_before_ = now + back_off(failures_++);
      break;
    case Retry::never:
      if (flight_.size() == 1) {
        gone(What::refused);
        return outcome;
      }
      for (Item& item : flight_) item.alone = true;
      break;
  }
  put_back();
  return outcome;
}

void Courier::on_time(Micros now) {
  if (flight_.empty() || now < sent_at_ + reply_timeout_) return;
  put_back();
  not_before_ = now + back_off(failures_++);
}

Courier::Micros Courier::wake_at(Micros now) const {
  if (!flight_.empty()) return sent_at_ + reply_timeout_;
  if (!waiting_.empty() && not_before_ > now) return not_before_;
  return Micros::max();
}

}  // namespace lifesign::sdk
