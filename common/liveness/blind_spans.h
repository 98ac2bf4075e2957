// When nobody listened, and what that does to a deadline.
#pragma once

#include <cstdint>
#include <vector>

#include "liveness/row_state.h"

namespace lifesign::liveness {

inline constexpr std::size_t blind_spans_max = 64;
// Within one silence so many spans allow a whole further interval after them. A broker that restarts again and again
// must not hide a death for ever: after that only the time that was listened counts.
inline constexpr std::size_t full_extensions = 8;

class BlindSpans {
 public:
  // Spans that overlap or touch are merged; past the bound the two oldest are joined into one that keeps the sum of
  // their blind time.
  void add(Ms from, Ms to);

  struct Extended {
    Ms deadline = 0;
    bool unobserved = false;  // more than full_extensions spans fell into the silence
  };
  // The deadline of a silence that began at `last`. `again` is the time that an agent gets after a span: interval +
  // grace.
  Extended extend(Ms last, Ms deadline, Ms again) const;
  // Blind time between the two.
  Ms blind_between(Ms from, Ms to) const;
  // The first span that shares a moment with [from, to], or null.
  const SpanState* touching(Ms from, Ms to) const;
  bool empty() const { return spans_.empty(); }

  const std::vector<SpanState>& spans() const { return spans_; }
  void load(std::vector<SpanState> spans) { spans_ = std::move(spans); }

 private:
  std::vector<SpanState> spans_;  // ascending, apart
};

}  // namespace lifesign::liveness
