// BeatLoop's side of the callers: everything here runs on their threads, under the mutex. The other side is
// beat_loop.cpp.
#include <fmt/format.h>
#include <unistd.h>

#include "base/text.h"
#include "beat_loop.h"
#include "check.h"
#include "convert.h"
#include "wire/beat.h"
#include "wire/limits.h"

namespace lifesign::sdk {
bool BeatLoop::forked() const {
  return ::getpid() != pid_;
}

Status BeatLoop::refuse(std::uint64_t handle) const {
  if (stopping_) return closed_error();
  const auto it = members_.find(handle);
  if (it == members_.end()) return Error{Code::not_found, "no such agent in this group; it was removed"};
  if (it->second.stopped) return Error{Code::closed, "it has said goodbye"};
  return {};
}

void BeatLoop::arm(Member& member, std::uint64_t handle, base::Micros due) {
  member.due = due;
  member.armed_at = base::boot_now();
  timers_.emplace(due, handle);
  if (timers_.size() <= 2 * members_.size() + 1'024) return;
  // Those of removed members and of earlier intervals, which may lie far ahead.
  std::vector<Due> live;
  for (const auto& [key, kept] : members_)
    if (!kept.stopped) live.emplace_back(kept.due, key);
  timers_ = decltype(timers_)(std::greater<>{}, std::move(live));
}

void BeatLoop::hand_over(Member& member, std::uint64_t handle, base::Micros now, Ack ack, Done done) {
  ++made_;
  const bool wake = handover_.empty();
  handover_.push_back({member.make_beat(handle, ack, now, base::wall_now()), std::move(done)});
  if (wake) connection_->wake();
}

Result<std::uint64_t> BeatLoop::add(std::string id, Millis interval, const std::optional<Registration>& registration,
                                    bool spread) {
  if (forked()) return forked_error();
  if (Status status = check_agent_id(id); !status.ok()) return status.error();
  if (Status status = check_interval(interval); !status.ok()) return status.error();
  Member member;
  member.run = random_bits(63);
  member.interval = interval;
  std::string packed;
  if (registration) {
    Registration whole = *registration;
    whole.interval = interval;
    auto checked = to_wire(id, member.run, whole);
    if (!checked.ok()) return checked.error();
    wire::Writer writer(packed);
    wire::write_registration(writer, *checked);
  }
  member.id = std::move(id);

  const std::lock_guard lock(mutex_);
  if (stopping_) return closed_error();
  if (members_.size() >= options_.spool.items)
    return Error{Code::queue_full,
                 fmt::format("the group has {} agents, as many as spool_messages has room for one beat "
                             "each; raise it",
                             members_.size())};
  if (const std::size_t waiting = registrations_kept_ + new_registrations_.size();
      registration && waiting >= options_.requests)
    return Error{Code::queue_full, fmt::format("{} registrations wait for the broker already", waiting)};
  if (!ids_.insert(member.id).second)
    return Error{Code::busy, fmt::format("agent \"{}\" is in this group already", base::printable(member.id))};
  if (handover_.size() >= options_.handover) {
    ids_.erase(member.id);
    return Error{Code::queue_full, fmt::format("{} beats wait for the background thread already", handover_.size())};
  }
  const std::uint64_t handle = next_handle_++;
  Member& kept = members_.emplace(handle, std::move(member)).first->second;
  if (registration) new_registrations_.emplace_back(handle, std::move(packed));
  const base::Micros now = base::boot_now();
  hand_over(kept, handle, now, options_.ack, {});
  const base::Micros period = kept.interval;
  arm(kept, handle,
      now + (spread
                 ? base::Micros(static_cast<std::int64_t>(random_bits(62) % static_cast<std::uint64_t>(period.count())))
                 : period));
  return handle;
}

Status BeatLoop::remove(std::uint64_t handle) {
  if (forked()) return forked_error();
  const std::lock_guard lock(mutex_);
  const auto it = members_.find(handle);
  if (it == members_.end()) return Error{Code::not_found, "no such agent in this group; it was removed"};
  ids_.erase(it->second.id);
  members_.erase(it);
  forgotten_.push_back(handle);
  // Whoever adds and removes agents while the broker is away must not pile up what nobody asks for any more.
  if (withdrawn_.empty()) connection_->wake();
  withdrawn_.insert(handle);
  return {};
}

Status BeatLoop::change(std::uint64_t handle, const std::function<void(Member&, base::Micros)>& change, bool tell) {
  if (forked()) return forked_error();
  const std::lock_guard lock(mutex_);
  if (Status status = refuse(handle); !status.ok()) return status;
  Member& member = members_.at(handle);
  const base::Micros now = base::boot_now();
  const Millis interval = member.interval;
  change(member, now);
  const bool rearm = member.interval != interval;
  if (rearm) arm(member, handle, now + member.interval);
  if (!tell) return {};
  // With a full queue the change goes with the next beat all the same.
  if (handover_.size() < options_.handover) hand_over(member, handle, now, options_.ack, {});
  return {};
}

Status BeatLoop::beat(std::uint64_t handle, Done done) {
  if (forked()) return forked_error();
  const std::lock_guard lock(mutex_);
  if (Status status = refuse(handle); !status.ok()) return status;
  if (handover_.size() >= options_.handover)
    return Error{Code::queue_full, fmt::format("{} beats wait for the background thread already", handover_.size())};
  const Ack ack = done ? Ack::recorded : options_.ack;
  hand_over(members_.at(handle), handle, base::boot_now(), ack, std::move(done));
  return {};
}

Status BeatLoop::goodbye(std::uint64_t handle, std::string_view reason, bool remove, Done done) {
  if (forked()) return forked_error();
  if (Status status = check_text("reason", reason, wire::limits::text_bytes); !status.ok()) return status;
  const std::lock_guard lock(mutex_);
  if (Status status = refuse(handle); !status.ok()) return status;
  if (const std::size_t waiting = goodbyes_kept_ + new_goodbyes_.size(); waiting >= options_.requests)
    return Error{Code::queue_full, fmt::format("{} goodbyes wait for the broker already", waiting)};
  Member& member = members_.at(handle);
  Goodbye goodbye{handle, {}, std::move(done)};
  wire::Writer writer(goodbye.packed);
  wire::write_goodbye(writer, {member.id, member.run, reason});
  new_goodbyes_.push_back(std::move(goodbye));
  member.stopped = true;
  if (remove) {
    ids_.erase(member.id);
    members_.erase(handle);
    forgotten_.push_back(handle);
  }
  connection_->wake();
  return {};
}

std::uint64_t BeatLoop::run_of(std::uint64_t handle) const {
  const std::lock_guard lock(mutex_);
  const auto it = members_.find(handle);
  return it == members_.end() ? 0 : it->second.run;
}

std::size_t BeatLoop::size() const {
  const std::lock_guard lock(mutex_);
  return members_.size();
}

AgentStats BeatLoop::stats() const {
  const std::lock_guard lock(mutex_);
  AgentStats out = published_;
  out.made = made_;
  return out;
}

std::optional<Error> BeatLoop::last_error() const {
  const std::lock_guard lock(mutex_);
  return last_error_;
}

Error BeatLoop::trouble() const {
  const std::lock_guard lock(mutex_);
  if (!published_.connected)
    return {Code::disconnected,
            fmt::format("no broker answers at {}; the beat is kept and will be sent", options_.endpoint)};
  if (trouble_) return *trouble_;
  return {Code::timed_out,
          fmt::format("no answer from the broker at {} in time; the beat is kept and will be sent again",
                      options_.endpoint)};
}

}  // namespace lifesign::sdk
