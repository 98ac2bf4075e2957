#include "broker/drain.h"

#include <algorithm>

namespace lifesign::broker {

std::optional<BlindSpan> Drain::loop(base::LogTime now, base::Micros suspended) {
  const base::Micros still = now - looped_;
  looped_ = now;
  if (still <= blind_after_) return std::nullopt;
  const BlindSpan span{suspended * 2 > still ? "suspend" : "pause", drained_, now};
  drained_ = now;
  return span;
}

std::optional<BlindSpan> Drain::drained(base::LogTime before) {
  const base::Micros undrained = before - drained_;
  worst_ = std::max(worst_, undrained);
  const BlindSpan span{"overload", drained_, before};
  drained_ = std::max(drained_, before);
  if (undrained <= blind_after_) return std::nullopt;
  return span;
}

}  // namespace lifesign::broker
