// A naive design, behind the same storms: one process that notes when it last heard each agent, by its own wall clock,
// and scans the table every 5 s. It remembers nothing over a restart and knows nothing of its own pauses. It is told of
// each beat that a living agent makes while the network between them is whole.
#pragma once

#include <cstdint>
#include <vector>

#include "sim/tally.h"
#include "sim/timeline.h"

namespace lifesign::sim {

class Naive {
 public:
  static constexpr Micros scan_every{5'000'000};

  Naive(std::vector<Micros> patience, Micros began) : agents_(patience.size()), next_scan_(began) {
    for (std::size_t i = 0; i < agents_.size(); ++i) agents_[i].patience = patience[i];
  }

  // Each step of the world: whether the process runs, and its wall clock.
  void step(Micros now, Micros wall, bool runs, Tally& tally);
  void restart() {
    for (Agent& a : agents_) a.known = a.down = false;
    waiting_.clear();
  }
  void beat(std::size_t agent) { waiting_.push_back(agent); }
  // The truth: whether the agent beats and the network carries it. `back`: from now on.
  void audible(std::size_t agent, bool back, Micros now, Tally& tally);
  void finish(Micros now, Tally& tally);

 private:
  struct Agent {
    Micros patience{0}, heard{0};  // by its wall clock
    bool known = false, down = false;
    bool ever = false;     // it was heard once, in whichever life
    bool audible = false;  // truth
    Micros since{0};       // of that
    bool told = false;     // in the present silence
  };
  void scan(Micros now, Micros wall, Tally& tally);
  void miss(const Agent& a, Micros now, Tally& tally);

  std::vector<Agent> agents_;
  std::vector<std::size_t> waiting_;  // beats that it has not read
  Micros next_scan_;
};

}  // namespace lifesign::sim
