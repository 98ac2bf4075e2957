// The machine's disk: how long an fsync takes, and whether there is room.
#pragma once

#include "sim/random.h"

namespace lifesign::sim {

struct Disk {
  explicit Disk(Random dice) : random(dice) {}

  Random random;
  Micros least{500}, most{5'000};
  bool full = false;

  Micros sync_time() { return random.between(least, most); }
};

}  // namespace lifesign::sim
