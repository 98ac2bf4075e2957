#include "broker/drain.h"

#include <algorithm>

namespace lifesign::broker {
namespace {

constexpr base::Micros stall = std::chrono::milliseconds(30);         // a cycle's work is far less
constexpr base::Micros settle_most = std::chrono::milliseconds(250);  // the I/O thread reads a gigabyte in that time

}  // namespace

std::optional<BlindSpan> Drain::loop(base::LogTime now, base::Micros suspended) {
  const base::Micros still = now - looped_;
  looped_ = now;
  if (still > stall) settling_until_ = now + std::min(still, settle_most);
  if (still <= blind_after_) return std::nullopt;
  const BlindSpan span{suspended * 2 > still ? "suspend" : "pause", drained_, now};
  drained_ = now;
  return span;
}

std::optional<BlindSpan> Drain::drained(base::LogTime before) {
  if (before < settling_until_) return std::nullopt;
  const base::Micros undrained = before - drained_;
  worst_ = std::max(worst_, undrained);
  const BlindSpan span{"overload", drained_, before};
  drained_ = std::max(drained_, before);
  empty_at_ = before;
  const bool blind = undrained > blind_after_ || lost_;
  lost_ = false;
  if (!blind || span.to <= span.from) return std::nullopt;
  return span;
}

}  // namespace lifesign::broker
