#include "sim/blindness.h"

#include <algorithm>

namespace lifesign::sim {

std::vector<Blindness::Span> Blindness::after(std::int64_t last, std::uint64_t known) const {
  std::vector<Span> spans, out;
  for (const Span& s : told_)
    if (s.told_by <= known) spans.push_back(s);
  std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.from < b.from; });
  for (const Span& s : spans) {
    if (!out.empty() && s.from <= out.back().to)
      out.back().to = std::max(out.back().to, s.to);
    else
      out.push_back(s);
  }
  std::erase_if(out, [&](const Span& s) { return s.to <= last; });
  return out;
}

const char* Blindness::too_early(const Silence& silence, std::int64_t decided, std::uint64_t known) const {
  constexpr std::int64_t rounding = 2;
  std::int64_t listened = decided - silence.last;
  if (listened + rounding < silence.patience) return "sooner than its promise";
  std::size_t count = 0;
  for (const Span& s : after(silence.last, known)) {
    if (s.from >= decided) break;
    listened -= std::min(s.to, decided) - std::max(s.from, silence.last);
    if (++count <= full_extensions && decided + rounding < s.to + silence.again)
      return "sooner than an interval and grace after a blind span";
  }
  if (listened + rounding < silence.patience) return "on time in which nobody listened";
  return nullptr;
}

std::int64_t Blindness::latest(const Silence& silence) const {
  std::int64_t deadline = silence.last + silence.patience;
  for (const Span& s : after(silence.last, UINT64_MAX)) {
    if (s.from > deadline) break;
    deadline = std::max(deadline + (s.to - std::max(s.from, silence.last)), s.to + silence.again);
  }
  return deadline;
}

bool Blindness::covers(std::int64_t at) const {
  return std::any_of(told_.begin(), told_.end(), [&](const Span& s) { return s.from <= at && at <= s.to; });
}

}  // namespace lifesign::sim
