#include "liveness/runs.h"

#include <algorithm>

#include "base/assert.h"

namespace lifesign::liveness {

Seen SeenRanges::add(std::uint64_t run_seq) {
  if (run_seq <= closed_to_) return Seen::too_late;
  // The first range that ends at or after run_seq; nearly always there is none, or it is the last.
  auto at = std::lower_bound(ranges_.begin(), ranges_.end(), run_seq,
                             [](const SeqRange& r, std::uint64_t seq) { return r.last < seq; });
  if (at != ranges_.end() && at->first <= run_seq) return Seen::repeat;

  const bool joins_before = at != ranges_.begin() && std::prev(at)->last + 1 == run_seq;
  const bool joins_after = at != ranges_.end() && at->first == run_seq + 1;
  if (joins_before && joins_after) {
    std::prev(at)->last = at->last;
    ranges_.erase(at);
  } else if (joins_before) {
    std::prev(at)->last = run_seq;
  } else if (joins_after) {
    at->first = run_seq;
  } else {
    ranges_.insert(at, SeqRange{run_seq, run_seq});
    if (ranges_.size() > ranges_per_run) {
      closed_to_ = ranges_[1].first - 1;
      ranges_[1].first = ranges_[0].first;
      ranges_.erase(ranges_.begin());
    }
  }
  LIFESIGN_ASSERT(ranges_.size() <= ranges_per_run, "{} ranges", ranges_.size());
  return Seen::fresh;
}

}  // namespace lifesign::liveness
