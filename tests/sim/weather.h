// Makes a storm's faults happen in a world, and ends them by the time that calm begins.
#pragma once

#include "sim/world.h"

namespace lifesign::sim {

class Weather {
 public:
  Weather(World& world, Random random, Micros until) : w_(world), random_(random), until_(until) {}

  void step(Micros passed);
  void clear();  // calm: what still is away comes back, what is full has room

 private:
  void service(Micros passed);
  void machine(Micros passed);
  void network(Micros passed);
  void agents(Micros passed);
  bool begins(double per_second, Micros passed);
  Micros end(Micros least, Micros most);  // of something that begins now

  void crash_broker(bool halt, Micros back);
  void crash_recorder(bool halt, Micros back);
  void crash_watchdog(bool halt, Micros back);
  void suspend();
  void cut(const LinkPtr& link);
  void partition();
  std::size_t some_host() { return random_.below(w_.hosts_.size()); }

  World& w_;
  Random random_;
  const Micros until_;
};

}  // namespace lifesign::sim
