// The spans in which nobody listened, as the log tells of them, and what docs/liveness.md says that they do to a
// deadline. The oracle's own: it shares nothing with common/liveness.
#pragma once

#include <cstdint>
#include <vector>

namespace lifesign::sim {

class Blindness {
 public:
  void add(std::uint64_t told_by, std::int64_t from, std::int64_t to) {
    if (from > 0 && to > from) told_.push_back({told_by, from, to});
  }

  struct Silence {
    std::int64_t last;      // ms, of the last sign of life
    std::int64_t patience;  // max(limit * interval, interval + grace)
    std::int64_t again;     // interval + grace
  };
  // Why `decided` is too early, by the spans told up to the record `known`; null if it is not.
  const char* too_early(const Silence& silence, std::int64_t decided, std::uint64_t known) const;
  // No later than this the deadline was, whichever spans are counted.
  std::int64_t latest(const Silence& silence) const;
  bool covers(std::int64_t at) const;

 private:
  struct Span {
    std::uint64_t told_by;
    std::int64_t from, to;
  };
  static constexpr std::size_t full_extensions = 8;
  // Of those told up to `known`, joined where they touch, that end after `last`.
  std::vector<Span> after(std::int64_t last, std::uint64_t known) const;

  std::vector<Span> told_;
};

}  // namespace lifesign::sim
