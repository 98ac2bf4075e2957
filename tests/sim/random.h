// The world's dice: the same numbers for the same seed on every machine (the library's distributions promise less).
#pragma once

#include <cstdint>

#include "base/time.h"

namespace lifesign::sim {

using base::Micros;
using namespace std::chrono_literals;

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15ull + 1) {}

  std::uint64_t next() {  // splitmix64
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15ull;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t n) { return n == 0 ? 0 : next() % n; }
  bool chance(double p) { return static_cast<double>(next() >> 11) * 0x1p-53 < p; }
  Micros between(Micros least, Micros most) {
    return least + Micros(static_cast<std::int64_t>(below(static_cast<std::uint64_t>((most - least).count()) + 1)));
  }
  Random fork() { return Random(next()); }

 private:
  std::uint64_t state_;
};

}  // namespace lifesign::sim
