#include "broker/ring.h"

#include <algorithm>

#include "base/assert.h"

namespace lifesign::broker {
namespace {

std::uint64_t cost(const Batch& batch) {
  constexpr std::uint64_t overhead = 128;  // deque slot, control block, string, allocator
  return batch.payload->capacity() + overhead;
}

}  // namespace

void Ring::push(Batch batch) {
  LIFESIGN_ASSERT(batch.first_seq < batch.next_seq, "[{}, {})", batch.first_seq, batch.next_seq);
  LIFESIGN_ASSERT(batches_.empty() || batches_.back().next_seq == batch.first_seq, "after {} comes {}",
                  batches_.back().next_seq, batch.first_seq);
  bytes_ += cost(batch);
  batches_.push_back(std::move(batch));
  while (bytes_ > max_bytes_ && batches_.size() > 1) {
    bytes_ -= cost(batches_.front());
    batches_.pop_front();
    ++first_index_;
    ++evicted_;
  }
}

void Ring::clear() {
  first_index_ += batches_.size();
  batches_.clear();
  bytes_ = 0;
}

const Batch& Ring::at(std::uint64_t index) const {
  LIFESIGN_ASSERT(index >= first_index_ && index < end_index(), "batch {} of [{}, {})", index, first_index_,
                  end_index());
  return batches_[index - first_index_];
}

std::uint64_t Ring::find(std::uint64_t seq) const {
  const auto found = std::partition_point(batches_.begin(), batches_.end(),
                                          [seq](const Batch& batch) { return batch.next_seq <= seq; });
  return first_index_ + static_cast<std::uint64_t>(found - batches_.begin());
}

}  // namespace lifesign::broker
