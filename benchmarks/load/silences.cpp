#include "load/silences.h"

#include <algorithm>
#include <utility>

namespace lifesign::load {
namespace {

constexpr base::Micros never = base::Micros::min();

}  // namespace

Silences::Silences(std::size_t groups, base::Micros promise, std::size_t max_kept)
    : last_(groups, never), promise_(promise), max_kept_(max_kept) {}

void Silences::sent(std::uint32_t group, base::Micros now) {
  const base::Micros last = std::exchange(last_[group], now);
  if (last == never || now - last <= promise_) return;
  full_ = full_ || kept_.size() >= max_kept_;
  if (full_) return;
  kept_.push_back({group, last, now});
  sorted_ = false;
}

bool Silences::cover(std::uint32_t group, base::Micros deadline) {
  if (last_[group] == never || last_[group] + promise_ < deadline) return true;  // it never beat again
  if (!std::exchange(sorted_, true))
    std::stable_sort(kept_.begin(), kept_.end(), [](const Silence& a, const Silence& b) { return a.group < b.group; });
  auto at = std::lower_bound(kept_.begin(), kept_.end(), group,
                             [](const Silence& silence, std::uint32_t wanted) { return silence.group < wanted; });
  for (; at != kept_.end() && at->group == group; ++at)
    if (at->from + promise_ <= deadline && deadline <= at->to) return true;
  return false;
}

}  // namespace lifesign::load
