#include "sim/naive.h"

namespace lifesign::sim {
namespace {

constexpr Micros margin = std::chrono::seconds(10);  // two scans
constexpr Micros way = std::chrono::seconds(2);      // for a connection to be made again

}  // namespace

void Naive::step(Micros now, Micros wall, bool runs, Tally& tally) {
  if (!runs) return;
  // After a pause the timer is due at once, and the backlog is read behind it: that is how such loops are written.
  if (now >= next_scan_) {
    scan(now, wall, tally);
    next_scan_ = now + scan_every;
  }
  for (const std::size_t agent : waiting_) {
    agents_[agent].heard = wall;
    agents_[agent].known = agents_[agent].ever = true;
    agents_[agent].down = false;
  }
  waiting_.clear();
}

void Naive::scan(Micros now, Micros wall, Tally& tally) {
  for (Agent& a : agents_) {
    if (!a.known || a.down || wall - a.heard <= a.patience) continue;
    a.down = a.told = true;
    ++tally.naive_timeouts;
    if (a.audible && now - a.since > a.patience + way) ++tally.naive_false;
  }
}

void Naive::miss(const Agent& a, Micros now, Tally& tally) {
  if (a.ever && !a.told && now - a.since > a.patience + margin) ++tally.naive_missed;
}

void Naive::audible(std::size_t agent, bool back, Micros now, Tally& tally) {
  Agent& a = agents_[agent];
  if (back) miss(a, now, tally);
  a.audible = back;
  a.since = now;
  a.told = false;
}

void Naive::finish(Micros now, Tally& tally) {
  for (const Agent& a : agents_)
    if (!a.audible) miss(a, now, tally);
}

}  // namespace lifesign::sim
