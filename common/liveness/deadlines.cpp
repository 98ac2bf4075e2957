#include "liveness/deadlines.h"

#include <algorithm>
#include <array>

namespace lifesign::liveness {
namespace {

constexpr Ms early_max = 60'000;

Deadline missed(Ms at, unsigned ordinal) {
  return {true, at, Verdict::missed, static_cast<std::uint8_t>(ordinal), false};
}
Deadline timeout(Ms at, unsigned limit, bool unobserved) {
  return {true, at, Verdict::timeout, static_cast<std::uint8_t>(limit), unobserved};
}

// Fires that the agent is held to, after `start`. A fire that blindness touches is excused, for a bounded number of
// spans: a broker that is blind at every fire must not hide a death for ever.
class Fires {
 public:
  Fires(const Schedule& schedule, Ms start, Ms grace, const BlindSpans& blind)
      : schedule_(schedule), grace_(grace), blind_(blind), end_(start + Schedule::horizon) {
    const Ms first = schedule.next_after(start);
    const Ms gap = schedule.next_after(first) - first;
    early_ = std::min({grace, early_max, gap / 4});  // a beat slightly early counts for the coming fire
    at_ = start + early_;
  }

  Ms next() {
    for (;;) {
      at_ = at_ < end_ ? schedule_.next_after(at_) : at_ + 1;
      const SpanState* span = blind_.touching(at_ - early_, at_ + grace_);
      if (span == nullptr) return at_;
      if (excused_ == full_extensions) {
        unobserved_ = true;
        return at_;
      }
      if (span != last_span_) ++excused_;
      last_span_ = span;
      at_ = std::max(at_, span->to + early_);
    }
  }
  bool unobserved() const { return unobserved_; }

 private:
  const Schedule& schedule_;
  Ms grace_;
  const BlindSpans& blind_;
  Ms end_;  // where it no longer matters who is late: bounds the search
  Ms early_ = 0, at_ = 0;
  const SpanState* last_span_ = nullptr;
  std::size_t excused_ = 0;
  bool unobserved_ = false;
};

Deadline by_schedule(const Row& row, Ms start, const Policy& policy, const BlindSpans& blind) {
  Fires fires(*policy.schedule, start, policy.grace, blind);
  std::array<Ms, 101> due{};
  for (unsigned k = 1; k <= policy.limit; ++k) due[k] = fires.next();
  const Ms end = std::max(due[policy.limit], due[1] + policy.grace);
  const unsigned k = row.misses + 1U;
  if (row.state() != Status::expected && k < policy.limit && due[k] + policy.grace < end)
    return missed(due[k] + policy.grace, k);
  return timeout(end, policy.limit, fires.unobserved());
}

}  // namespace

Ms silence_start(const Row& row, const Side* side, const Policy& policy) {
  if (side == nullptr) return row.at();
  if (side->busy_until == 0) return row.at();
  return std::max(row.at(), policy.schedule ? side->busy_until : side->busy_until - policy.interval);
}

Ms first_deadline(const Row& row, const Side* side, const Policy& policy, const BlindSpans& blind) {
  const Ms start = silence_start(row, side, policy);
  if (policy.schedule) return Fires(*policy.schedule, start, policy.grace, blind).next() + policy.grace;
  const Ms again = policy.interval + policy.grace;
  return blind.extend(start, start + again, again).deadline;
}

Deadline deadline_of(const Row& row, const Side* side, const Policy& policy, const BlindSpans& blind) {
  LIFESIGN_ASSERT(is_watched(row.state()), "status {}", status_name(row.state()));
  const Ms start = silence_start(row, side, policy);
  if (policy.schedule) return by_schedule(row, start, policy, blind);

  const Ms again = policy.interval + policy.grace;
  const auto end = blind.extend(start, start + std::max(policy.limit * policy.interval, again), again);
  const unsigned k = row.misses + 1U;
  if (row.state() != Status::expected && k < policy.limit) {
    const auto miss = blind.extend(start, start + static_cast<Ms>(k) * policy.interval + policy.grace, again);
    if (miss.deadline < end.deadline) return missed(miss.deadline, k);
  }
  return timeout(end.deadline, policy.limit, end.unobserved);
}

bool may_have_been_late(const Row& row, const Policy& policy, Ms at) {
  if (row.misses > 0 || row.state() == Status::late || row.state() == Status::offline) return true;
  if (!is_watched(row.state())) return false;
  // Every first deadline is at least interval + grace, or some fire, after the last beat.
  if (policy.schedule) return at >= policy.schedule->next_after(row.at());
  return at - row.at() >= policy.interval + policy.grace;
}

}  // namespace lifesign::liveness
