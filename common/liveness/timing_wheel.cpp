#include "liveness/timing_wheel.h"

#include <algorithm>
#include <bit>

namespace lifesign::liveness {

void TimingWheel::arm(std::uint32_t row, Ms at) {
  LIFESIGN_ASSERT(row < head_mark, "row {}", row);
  while (row >= rows_) {
    chunks_.push_back(std::make_unique<Node[]>(1U << chunk_bits));
    rows_ += 1U << chunk_bits;
  }
  const std::int64_t due = std::min(at - base_, at_ + horizon);
  if (node(row).prev != none) {
    if (due_of(node(row)) <= due) return;
    unlink(row);
  }
  file(row, due);
}

void TimingWheel::cancel(std::uint32_t row) {
  if (armed(row)) unlink(row);
}

void TimingWheel::file(std::uint32_t row, std::int64_t due) {
  due = std::max(due, at_ + 1);
  // The level is that of the highest digit (base 64) in which due time and present differ, so that all of a lower level
  // comes before anything of a higher one. Past the top digit the last level wraps round; the horizon keeps it apart.
  const auto differ = static_cast<std::uint64_t>(due ^ at_) | (slots - 1);
  const int level = std::min(levels - 1, (63 - std::countl_zero(differ)) / bits);
  const auto digit = static_cast<std::uint32_t>(due >> (level * bits)) & (slots - 1);
  const std::uint32_t slot = static_cast<std::uint32_t>(level) * slots + digit;
  Node& n = node(row);
  n.due = static_cast<std::uint32_t>(due);
  n.next = heads_[slot];
  n.prev = head_mark | slot;
  if (n.next != none) node(n.next).prev = row;
  heads_[slot] = row;
  used_[static_cast<std::size_t>(level)] |= 1ULL << digit;
  ++size_;
}

void TimingWheel::unlink(std::uint32_t row) {
  Node& n = node(row);
  if ((n.prev & head_mark) != 0) {
    const std::uint32_t slot = n.prev & ~head_mark;
    heads_[slot] = n.next;
    if (n.next == none) used_[slot / slots] &= ~(1ULL << (slot % slots));
  } else {
    node(n.prev).next = n.next;
  }
  if (n.next != none) node(n.next).prev = n.prev;
  n.next = n.prev = none;
  --size_;
}

bool TimingWheel::next_slot(std::int64_t& when, std::uint32_t& slot) const {
  for (int level = 0; level < levels; ++level) {
    const std::uint64_t used = used_[static_cast<std::size_t>(level)];
    if (used == 0) continue;
    const int shift = level * bits;
    const auto here = static_cast<int>((at_ >> shift) & (slots - 1));
    // Slots after the present one, the wrapped ones (of the last level) behind them.
    const int ahead = std::countr_zero(std::rotr(used, here));
    const std::int64_t digit = (here + ahead) & (slots - 1);
    when = ((at_ >> shift) + ahead) << shift;
    slot = static_cast<std::uint32_t>(level) * slots + static_cast<std::uint32_t>(digit);
    return true;
  }
  return false;
}

}  // namespace lifesign::liveness
