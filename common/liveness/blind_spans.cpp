#include "liveness/blind_spans.h"

#include <algorithm>

namespace lifesign::liveness {
namespace {

// How much of a span lies at or after `from`. A joined span counts as blind at its end.
Ms part_after(const SpanState& span, Ms from) {
  return std::min(span.blind, span.to - std::max(span.from, from));
}

}  // namespace

void BlindSpans::add(Ms from, Ms to) {
  if (to <= from) return;
  SpanState joined{from, to, to - from};
  auto first = std::find_if(spans_.begin(), spans_.end(), [&](const SpanState& s) { return s.to >= from; });
  auto last = first;
  while (last != spans_.end() && last->from <= to) {
    const Ms overlap = std::max<Ms>(0, std::min(last->to, joined.to) - std::max(last->from, joined.from));
    joined.blind += std::max<Ms>(0, last->blind - overlap);
    joined.from = std::min(joined.from, last->from);
    joined.to = std::max(joined.to, last->to);
    ++last;
  }
  joined.blind = std::min(joined.blind, joined.to - joined.from);
  spans_.insert(spans_.erase(first, last), joined);
  if (spans_.size() > blind_spans_max) {
    spans_[1].from = spans_[0].from;
    spans_[1].blind += spans_[0].blind;
    spans_.erase(spans_.begin());
  }
}

BlindSpans::Extended BlindSpans::extend(Ms last, Ms deadline, Ms again) const {
  Extended out{deadline, false};
  if (spans_.empty() || spans_.back().to <= last) return out;  // the usual case
  std::size_t count = 0;
  for (const SpanState& span : spans_) {
    if (span.to <= last) continue;
    if (out.deadline <= span.from) break;
    out.deadline += part_after(span, last);
    if (++count <= full_extensions)
      out.deadline = std::max(out.deadline, span.to + again);
    else
      out.unobserved = true;
  }
  return out;
}

Ms BlindSpans::blind_between(Ms from, Ms to) const {
  Ms sum = 0;
  for (const SpanState& span : spans_) {
    const Ms overlap = std::min(span.to, to) - std::max(span.from, from);
    if (overlap > 0) sum += std::min(span.blind, overlap);
  }
  return sum;
}

const SpanState* BlindSpans::touching(Ms from, Ms to) const {
  for (const SpanState& span : spans_)
    if (span.from <= to && from <= span.to) return &span;
  return nullptr;
}

}  // namespace lifesign::liveness
