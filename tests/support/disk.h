// A recorder's disk that a test can cut the power of. The recorder runs with a witness before its C library
// (support/disk/witness.h), which keeps what the disk must hold and says what breaks the promise of `recorded`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <random>
#include <string>

#include "support/system.h"

namespace lifesign::tests {

class Disk {
 public:
  // `system` must not have started its recorder yet. Every recorder that it starts is watched from then on.
  explicit Disk(System& system);

  // Under sanitizers nothing can be put before the C library, whose place they take themselves.
  static bool available();

  // Of the recorders that are started from now on; empty for none. See support/disk/witness.h.
  void sabotage(const std::string& swallow, const std::string& die);

  std::string violations() const;  // a line each
  std::uint64_t claims() const;    // how often something was called recorded
  std::uint64_t claimed() const;   // the last seq that was

  // While no recorder runs: the store becomes what a disk may hold after a power cut. It has all that was synced; of
  // what was not, each page was written or was not, as `random` draws. Says what was drawn.
  std::string lose_power(std::mt19937_64& random);

 private:
  System& system_;
  const std::filesystem::path work_, store_;
};

}  // namespace lifesign::tests
