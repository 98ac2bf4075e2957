// What a fuzz target is: a function of arbitrary bytes that returns, whatever they are. Everything else is a failure:
// an assertion of its own or of the code under it, a finding of a sanitizer, a hang, or memory out of all proportion.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"

namespace lifesign::fuzz {

// The target of this program; each <target>.cpp defines one. libfuzzer.cpp or replay.cpp calls it.
void run(std::string_view bytes);

// Cuts an input into the parts that a target takes. What is left out at the end reads as 0 or empty, so that every
// input means something. Parts lie in memory of their own, where a read past their end is seen.
class Input {
 public:
  explicit Input(std::string_view bytes) : rest_(bytes) {}

  bool empty() const { return rest_.empty(); }
  std::uint8_t byte() { return static_cast<std::uint8_t>(number(1)); }
  std::uint64_t u64() { return number(8); }
  std::string_view part() { return keep(static_cast<std::size_t>(number(2))); }  // its length stands before it
  std::string_view rest() { return keep(rest_.size()); }

 private:
  // Little-endian, as libFuzzer's own comparisons with numbers suggest.
  std::uint64_t number(std::size_t bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes && i < rest_.size(); ++i)
      value |= std::uint64_t{static_cast<unsigned char>(rest_[i])} << (8 * i);
    rest_.remove_prefix(std::min(bytes, rest_.size()));
    return value;
  }
  std::string_view keep(std::size_t bytes) {
    const std::string_view taken = rest_.substr(0, bytes);
    rest_.remove_prefix(taken.size());
    parts_.push_back(std::make_unique<char[]>(taken.size()));
    taken.copy(parts_.back().get(), taken.size());
    return {parts_.back().get(), taken.size()};
  }

  std::string_view rest_;
  std::vector<std::unique_ptr<char[]>> parts_;
};

}  // namespace lifesign::fuzz
