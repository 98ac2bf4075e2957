#include "load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace lifesign::load {
namespace {

constexpr unsigned exact_bits = 11;  // values below 2^11 have a bucket each
constexpr std::size_t exact = std::size_t{1} << exact_bits;
constexpr std::size_t per_octave = exact / 2;  // buckets of each doubling above
constexpr unsigned most_bits = 36;
constexpr std::uint64_t most = (std::uint64_t{1} << most_bits) - 1;

}  // namespace

Histogram::Histogram() : buckets_(exact + (most_bits - exact_bits) * per_octave) {}

std::size_t Histogram::bucket_of(std::uint64_t value) {
  if (value < exact) return value;
  const auto shift = static_cast<unsigned>(std::bit_width(value)) - exact_bits;
  return exact + (shift - 1) * per_octave + ((value >> shift) - per_octave);
}

std::uint64_t Histogram::upper_end(std::size_t bucket) {
  if (bucket < exact) return bucket;
  const std::size_t shift = (bucket - exact) / per_octave + 1;
  const std::uint64_t top = (bucket - exact) % per_octave + per_octave;
  return ((top + 1) << shift) - 1;
}

void Histogram::record(std::uint64_t value) {
  ++buckets_[bucket_of(std::min(value, most))];
  ++count_;
  max_ = std::max(max_, value);
}

void Histogram::add(const Histogram& other) {
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

std::uint64_t Histogram::quantile(double fraction) const {
  if (count_ == 0) return 0;
  const auto wanted =
      static_cast<std::uint64_t>(std::ceil(std::clamp(fraction, 0.0, 1.0) * static_cast<double>(count_)));
  const std::uint64_t rank = std::max<std::uint64_t>(1, wanted);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i)
    if ((seen += buckets_[i]) >= rank) return std::min(upper_end(i), max_);
  return max_;
}

}  // namespace lifesign::load
