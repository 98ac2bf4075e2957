#include "liveness/policies.h"

#include <algorithm>

#include "wire/limits.h"
#include "wire/writer.h"

namespace lifesign::liveness {
namespace {

namespace limits = wire::limits;

std::string key_of(const PolicyState& p) {
  std::string key;
  wire::Writer w(key);
  w.u64(p.interval_ms).u64(p.missed_limit).u64(p.stall_after_ms).text(p.schedule).text(p.time_zone);
  if (p.grace_ms) w.u64(*p.grace_ms);
  return key;
}

}  // namespace

Policies::Policies() {
  share({});
}  // number 0: all defaults, never released

std::uint32_t Policies::share(const PolicyState& set, bool* bad_schedule) {
  std::string key = key_of(set);
  if (const auto it = index_.find(key); it != index_.end()) {
    Policy& p = *policies_[it->second];
    ++p.users;
    if (bad_schedule != nullptr) *bad_schedule = !set.schedule.empty() && !p.schedule;
    return it->second;
  }
  auto p = std::make_unique<Policy>();
  p->set = set;
  p->users = 1;
  if (!set.schedule.empty()) {
    auto schedule = Schedule::parse(set.schedule, set.time_zone);
    if (schedule.ok()) p->schedule = *schedule;
    if (bad_schedule != nullptr) *bad_schedule = !schedule.ok();
  }
  const std::uint64_t interval = set.interval_ms != 0 ? set.interval_ms : limits::interval_ms_default;
  const std::uint64_t grace = p->schedule ? limits::schedule_grace_ms_default : interval / 4;
  p->interval = static_cast<Ms>(interval);
  p->grace = static_cast<Ms>(set.grace_ms.value_or(grace));
  p->limit = static_cast<std::uint8_t>(
      std::min(set.missed_limit != 0 ? set.missed_limit : limits::missed_limit_default, limits::missed_limit_max));
  p->stall_after = static_cast<Ms>(set.stall_after_ms);

  std::uint32_t number;
  if (free_.empty()) {
    number = static_cast<std::uint32_t>(policies_.size());
    policies_.push_back(std::move(p));
  } else {
    number = free_.back();
    free_.pop_back();
    policies_[number] = std::move(p);
  }
  index_.emplace(std::move(key), number);
  return number;
}

void Policies::release(std::uint32_t policy) {
  Policy& p = *policies_[policy];
  LIFESIGN_ASSERT(p.users > 0, "policy {} has no users", policy);
  if (--p.users > 0) return;
  index_.erase(key_of(p.set));
  policies_[policy].reset();
  free_.push_back(policy);
}

}  // namespace lifesign::liveness
