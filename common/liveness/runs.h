// Which beats of one run were seen: ranges of run_seq, so that a repeat counts once.
#pragma once

#include <cstdint>
#include <vector>

#include "liveness/types.h"

namespace lifesign::liveness {

inline constexpr std::size_t ranges_per_run = 8;
inline constexpr std::size_t earlier_runs = 7;  // kept beside the current one

enum class Seen : std::uint8_t { fresh, repeat, too_late };

// `ranges` are ascending and neither overlap nor touch. Past ranges_per_run the oldest hole is closed: its beats, and
// all below, are too late from then on (`closed_to`), since seen and unseen can't be told apart there any more.
class SeenRanges {
 public:
  SeenRanges() = default;
  SeenRanges(std::vector<SeqRange> ranges, std::uint64_t closed_to)
      : ranges_(std::move(ranges)), closed_to_(closed_to) {}

  Seen add(std::uint64_t run_seq);

  const std::vector<SeqRange>& ranges() const { return ranges_; }
  std::uint64_t closed_to() const { return closed_to_; }
  std::uint64_t highest() const { return ranges_.empty() ? 0 : ranges_.back().last; }

 private:
  std::vector<SeqRange> ranges_;
  std::uint64_t closed_to_ = 0;
};

}  // namespace lifesign::liveness
