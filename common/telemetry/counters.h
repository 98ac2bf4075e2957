// A process's counters: one list of names, values indexed by an enum in the same order. Owned and written by one
// thread; others are given copies.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace lifesign::telemetry {

// enum class C { beats, refused, count_ };
// Counters<C> counters({"beats", "refused"});  counters[C::beats] += 16;
template <class Enum>
class Counters {
 public:
  static constexpr std::size_t size = static_cast<std::size_t>(Enum::count_);
  using Names = std::array<std::string_view, size>;

  explicit constexpr Counters(const Names& names) : names_(names) {}
  std::uint64_t& operator[](Enum e) { return values_[static_cast<std::size_t>(e)]; }
  std::uint64_t operator[](Enum e) const { return values_[static_cast<std::size_t>(e)]; }
  std::string_view name(std::size_t i) const { return names_[i]; }
  std::uint64_t value(std::size_t i) const { return values_[i]; }
  // Gauges that only ever rise: worst cycle, longest queue.
  void raise(Enum e, std::uint64_t value) {
    if (auto& v = (*this)[e]; v < value) v = value;
  }

 private:
  Names names_;
  std::array<std::uint64_t, size> values_{};
};

}  // namespace lifesign::telemetry
