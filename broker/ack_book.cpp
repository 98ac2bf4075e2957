#include "broker/ack_book.h"

#include <algorithm>

#include "base/assert.h"

namespace lifesign::broker {

void AckBook::add(Waiting waiting) {
  LIFESIGN_ASSERT(!full(), "{} acks wait already", waiting_.size());
  LIFESIGN_ASSERT(waiting_.empty() || waiting_.back().last_seq < waiting.first_seq, "after {} comes {}",
                  waiting_.back().last_seq, waiting.first_seq);
  next_expiry_ = std::min(next_expiry_, waiting.deadline);
  waiting_.push_back(std::move(waiting));
}

void AckBook::release(std::uint64_t recorded, const Each& each) {
  while (!waiting_.empty() && waiting_.front().last_seq <= recorded) {
    if (!waiting_.front().answered) each(waiting_.front());
    waiting_.pop_front();
  }
  if (waiting_.empty()) next_expiry_ = base::LogTime::max();
}

// A scan, but one that runs only when the earliest deadline has passed, over a bounded book.
void AckBook::expire(base::LogTime now, const Each& each) {
  if (now < next_expiry_) return;
  next_expiry_ = base::LogTime::max();
  for (Waiting& waiting : waiting_) {
    if (waiting.answered) continue;
    if (waiting.deadline <= now) {
      each(waiting);
      waiting.answered = true;
    } else {
      next_expiry_ = std::min(next_expiry_, waiting.deadline);
    }
  }
  // Answered ones leave from both ends, so that a recorder that stays away does not fill the book with them.
  while (!waiting_.empty() && waiting_.front().answered) waiting_.pop_front();
  while (!waiting_.empty() && waiting_.back().answered) waiting_.pop_back();
}

void AckBook::fail_range(std::uint64_t first_seq, std::uint64_t last_seq, const Each& each) {
  for (Waiting& waiting : waiting_) {
    if (waiting.answered || waiting.last_seq < first_seq || waiting.first_seq > last_seq) continue;
    each(waiting);
    waiting.answered = true;
  }
}

void AckBook::fail_all(const Each& each) {
  for (const Waiting& waiting : waiting_)
    if (!waiting.answered) each(waiting);
  waiting_.clear();
  next_expiry_ = base::LogTime::max();
}

}  // namespace lifesign::broker
