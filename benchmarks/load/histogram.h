// Latencies in fixed memory: log-linear buckets as in HdrHistogram. Values below 2,048 are exact, larger ones are kept
// to 1 part in 1,024 (three significant digits), up to 2^36; what is larger counts as that.
//
// The unit is the caller's (here always microseconds). One thread records; reading is for after it has ended.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace lifesign::load {

class Histogram {
 public:
  Histogram();

  void record(std::uint64_t value);
  void add(const Histogram& other);

  std::uint64_t count() const { return count_; }
  std::uint64_t max() const { return max_; }  // exact
  // The smallest value that at least `fraction` (0 to 1) of all are at or below, by its bucket's upper end and never
  // above max(); 0 when nothing was recorded.
  std::uint64_t quantile(double fraction) const;

 private:
  static std::size_t bucket_of(std::uint64_t value);
  static std::uint64_t upper_end(std::size_t bucket);

  std::vector<std::uint64_t> buckets_;
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace lifesign::load
