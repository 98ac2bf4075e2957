// What a random test runs on: LIFESIGN_SEED, and how long it is. Both have defaults, so that CTest runs the same each
// time. It is printed at once, so that a test that hangs can be replayed too.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <string>

namespace lifesign::tests {

class Replay {
 public:
  // `length_name`: the environment variable that says how long, for example LIFESIGN_KILLS.
  Replay(std::string length_name, std::uint64_t length)
      : length_name_(std::move(length_name)),
        seed_(from_environment("LIFESIGN_SEED", 20261124)),
        length_(from_environment(length_name_.c_str(), length)) {
    std::cout << text() << std::endl;
  }

  std::uint64_t seed() const { return seed_; }
  std::uint64_t length() const { return length_; }
  std::string text() const {
    return "replay with LIFESIGN_SEED=" + std::to_string(seed_) + " " + length_name_ + "=" + std::to_string(length_);
  }

 private:
  static std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text == nullptr ? otherwise : std::stoull(text);
  }

  const std::string length_name_;
  const std::uint64_t seed_, length_;
};

}  // namespace lifesign::tests
