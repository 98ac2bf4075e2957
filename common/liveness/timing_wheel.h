// Deadlines of many rows: arm, cancel and fire in O(1).
//
// Five levels of 64 slots; a slot of level n is 64^n ms wide. Entries are linked by row number inside the wheel's own
// table (12 bytes a row), so nothing is allocated for a deadline. Two habits keep a beat cheap:
//   - arming later than filed leaves the entry where it is: it fires at the earlier time, and the owner, who has to
//   work
//     out the true deadline anyway, files it again;
//   - deadlines past the horizon (12 days) are filed at the horizon, likewise to be filed again.
// So a fire means "look at this row now", never "it is due".
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/assert.h"
#include "liveness/types.h"

namespace lifesign::liveness {

class TimingWheel {
 public:
  explicit TimingWheel(Ms now = 0) : base_(now) { heads_.fill(none); }

  // Files `row` to be looked at at `at`, or leaves it where it is if that is sooner.
  void arm(std::uint32_t row, Ms at);
  void cancel(std::uint32_t row);
  bool armed(std::uint32_t row) const { return row < rows_ && node(row).prev != none; }

  // Takes out all that was filed at or before `now` and calls fire(row) for each, in order of time. `fire` may arm and
  // cancel; what is armed at a time that has passed fires a millisecond later. An earlier `now` does nothing.
  template <class Fire>
  void advance(Ms now, Fire&& fire);

  Ms now() const { return base_ + at_; }
  std::size_t size() const { return size_; }

 private:
  static constexpr int levels = 5, bits = 6;
  static constexpr std::uint32_t slots = 1U << bits;
  static constexpr std::int64_t horizon = (1LL << (levels * bits)) - (1LL << ((levels - 1) * bits));
  static constexpr std::uint32_t none = UINT32_MAX;
  static constexpr std::uint32_t head_mark = 1U << 31;  // `prev` of a slot's first entry: the mark and the slot
  static constexpr std::uint32_t chunk_bits = 12;

  struct Node {
    std::uint32_t next = none;
    std::uint32_t prev = none;  // none: not armed
    std::uint32_t due = 0;      // ms since base_; wraps, only its distance from at_ is used
  };
  static_assert(sizeof(Node) == 12);

  Node& node(std::uint32_t row) { return chunks_[row >> chunk_bits][row & ((1U << chunk_bits) - 1)]; }
  const Node& node(std::uint32_t row) const { return chunks_[row >> chunk_bits][row & ((1U << chunk_bits) - 1)]; }
  std::int64_t due_of(const Node& n) const {
    return at_ + static_cast<std::int32_t>(n.due - static_cast<std::uint32_t>(at_));
  }
  void file(std::uint32_t row, std::int64_t due);
  void unlink(std::uint32_t row);
  // When the next slot is to be opened, and which; false: the wheel is empty.
  bool next_slot(std::int64_t& when, std::uint32_t& slot) const;

  Ms base_;
  std::int64_t at_ = 0;  // ms since base_; everything at or before it has fired
  std::array<std::uint32_t, levels * slots> heads_;
  std::array<std::uint64_t, levels> used_{};  // a bit for each slot that is not empty
  std::vector<std::unique_ptr<Node[]>> chunks_;
  std::uint32_t rows_ = 0;
  std::size_t size_ = 0;
};

template <class Fire>
void TimingWheel::advance(Ms now, Fire&& fire) {
  const std::int64_t until = now - base_;
  std::int64_t when = 0;
  std::uint32_t slot = 0;
  while (next_slot(when, slot) && when <= until) {
    at_ = when;
    while (heads_[slot] != none) {
      const std::uint32_t row = heads_[slot];
      const std::int64_t due = due_of(node(row));
      unlink(row);
      if (due <= at_)
        fire(row);
      else
        file(row, due);  // one level down
    }
  }
  if (until > at_) at_ = until;
}

}  // namespace lifesign::liveness
