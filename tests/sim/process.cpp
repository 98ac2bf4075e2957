#include "sim/process.h"

namespace lifesign::sim {

void Process::wake(Micros at) {
  at = std::max({at, paused_until_, now()});
  if (wake_at_ != Micros(0) && wake_at_ <= at) return;
  wake_at_ = at;
  timeline_.at(at, [this, at, life = life_] {
    if (!up_ || life != life_ || wake_at_ != at) return;  // dead, or woken sooner
    wake_at_ = Micros(0);
    if (paused()) return wake(paused_until_);
    cycle();
  });
}

void Process::end(std::vector<LinkPtr> links, Side mine, bool halt, Random& random) {
  up_ = false;
  const Micros notice = halt ? random.between(1s, 4s) : random.between(1ms, 30ms);
  for (const LinkPtr& link : links) {
    link->leave(mine);
    link->cut(link, notice, notice);
  }
}

}  // namespace lifesign::sim
