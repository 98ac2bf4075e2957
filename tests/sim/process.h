// What every simulated process is: it runs cycle() when it is woken, unless it is stopped (SIGSTOP) or dead.
#pragma once

#include <vector>

#include "sim/link.h"
#include "sim/machine.h"

namespace lifesign::sim {

class Process {
 public:
  explicit Process(Timeline& timeline) : timeline_(timeline) {}
  virtual ~Process() = default;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  bool up() const { return up_; }
  bool paused() const { return timeline_.now() < paused_until_; }
  Micros paused_until() const { return paused_until_; }
  void pause(Micros until) { paused_until_ = std::max(paused_until_, until); }

  // Its cycle() runs at `at`, or sooner if it is woken sooner.
  void wake(Micros at);

 protected:
  virtual void cycle() = 0;
  void begin() {
    up_ = true;
    paused_until_ = wake_at_ = Micros(0);
    ++life_;
  }
  // The kernel closes what it had open. `halt`: the whole machine went, so nobody says so to the peers.
  void end(std::vector<LinkPtr> links, Side mine, bool halt, Random& random);
  Micros now() const { return timeline_.now(); }

  Timeline& timeline_;

 private:
  bool up_ = false;
  std::uint64_t life_ = 0;
  Micros paused_until_{0};
  Micros wake_at_{0};  // 0: not waiting
};

}  // namespace lifesign::sim
