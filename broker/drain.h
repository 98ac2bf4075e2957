// When a tick may be written, and when we were blind.
//
// Problem: a deadline must not fire while a beat that came in time still waits to be read. Answer: ticks are written
// only with a time that was read off the clock before ingest was found empty. A stretch without such a moment that
// lasts longer than `blind_after` is reported as blind, from the last drained moment on. After the process stood still
// even briefly, ingest may look empty only because ZeroMQ's I/O thread has not read the kernel's buffers yet: then no
// moment counts as drained until the loop has run for a while. Pure; one thread.
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace lifesign::broker {

struct BlindSpan {
  std::string_view cause;  // pause, suspend, overload
  base::LogTime from{};
  base::LogTime to{};
};

class Drain {
 public:
  Drain(base::Micros tick_every, base::Micros blind_after, base::LogTime start)
      : tick_every_(tick_every), blind_after_(blind_after), drained_(start), looped_(start), ticked_(start) {}

  // At the head of each loop: did the process stand still (or the machine sleep, for `suspended`) since the last?
  std::optional<BlindSpan> loop(base::LogTime now, base::Micros suspended);
  // Ingest was found empty; `before` was read before it was looked at. Tells overload that ends here.
  std::optional<BlindSpan> drained(base::LogTime before);
  // A beat was refused for want of room: what is not drained until now is blind, however short it is.
  void lost_beats() { lost_ = true; }
  // Is a tick due at `at`? Only at a moment that drained() has just taken.
  bool tick_due(base::LogTime at) const { return empty_at_ == at && at >= ticked_ + tick_every_; }
  void ticked() { ticked_ = empty_at_; }

  base::LogTime last_drained() const { return drained_; }
  base::Micros worst() const { return worst_; }

 private:
  const base::Micros tick_every_;
  const base::Micros blind_after_;
  base::LogTime drained_;     // up to here nothing waits unread, or the wait is already reported as blind
  base::LogTime empty_at_{};  // the latest moment that drained() took: not one that follows a pause
  base::LogTime looped_;
  base::LogTime ticked_;
  base::LogTime settling_until_{};  // the I/O thread is catching up
  bool lost_ = false;
  base::Micros worst_{0};
};

}  // namespace lifesign::broker
