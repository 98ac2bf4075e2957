#include "sim/timeline.h"

#include <algorithm>

namespace lifesign::sim {

void Timeline::at(Micros when, std::function<void()> what) {
  heap_.push_back({std::max(when, now_), order_++, std::move(what)});
  std::push_heap(heap_.begin(), heap_.end(), later);
}

void Timeline::run_until(Micros end) {
  while (!heap_.empty() && heap_.front().when < end) {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const Due due = std::move(heap_.back());
    heap_.pop_back();
    now_ = due.when;
    due.what();
  }
  now_ = end;
}

}  // namespace lifesign::sim
