// Simulated time: what is to happen, in order. True time in µs since the world began; nothing else runs between.
#pragma once

#include <functional>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "base/time.h"

namespace lifesign::sim {

using base::Micros;

class Timeline {
 public:
  Micros now() const { return now_; }
  void at(Micros when, std::function<void()> what);
  void after(Micros delay, std::function<void()> what) { at(now_ + delay, std::move(what)); }
  void run_until(Micros end);  // all that is due before `end`; then now() is `end`

 private:
  struct Due {
    Micros when;
    std::uint64_t order;  // of what is due at one time, first come first served
    std::function<void()> what;
  };
  static bool later(const Due& a, const Due& b) { return std::pair(a.when, a.order) > std::pair(b.when, b.order); }

  Micros now_{0};
  std::uint64_t order_ = 0;
  std::vector<Due> heap_;
};

}  // namespace lifesign::sim
