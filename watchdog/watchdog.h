// The watchdog: log entries and drained ticks in, verdicts out. Pure: its only clock is the log's.
//
//   Watchdog w(options);
//   w.load_fleet(fleet); w.load_row(row)...   a snapshot, or nothing for an empty fleet
//   w.apply(entry)                            every entry of the log from w.next_seq() on, in order
//   w.flush(send)                             whenever verdicts can be sent
//
// It judges at ticks and nowhere else: a tick says that everything received before its time has been read. While it
// catches up with a fuzzy snapshot it judges and tells nothing. A decision is applied to its own fold at once, and
// stays in the outbox until it comes back through the log.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "liveness/fold.h"
#include "liveness/timing_wheel.h"
#include "watchdog/outbox.h"
#include "wire/log.h"

namespace lifesign::watchdog {

class Watchdog : private liveness::Visitor {
 public:
  struct Options {
    std::uint64_t max_agents = liveness::agents_max_default;
  };
  struct Counters {
    std::array<std::uint64_t, liveness::verdict_types> decided{};
    std::uint64_t ticks = 0;
    std::uint64_t looks = 0;  // rows that the wheel asked to look at
  };

  explicit Watchdog(Options options);

  // The fleet first, then rows in any order; before the first entry.
  base::Status load_fleet(const liveness::FleetState& state);
  base::Status load_row(const liveness::RowState& state);

  // The seq after the last one applied: where the log is to be started.
  std::uint64_t next_seq() const { return fold_.applied() + 1; }
  base::Status apply(const wire::Entry& entry);

  // send(map) -> bool: false when no more can be sent now.
  template <class Send>
  void flush(Send&& send) {
    outbox_.flush(now_, send);
  }

  bool judging() const { return judging_; }
  // The recorder lost records that this fold may hold: what both know has parted, and only a snapshot joins it again.
  bool parted() const { return parted_; }
  liveness::Ms now() const { return now_; }  // the latest tick
  const liveness::Fold& fold() const { return fold_; }
  const Outbox& outbox() const { return outbox_; }
  const Counters& counters() const { return counters_; }

 private:
  void on_beat(const wire::Beat&, std::uint64_t, base::LogTime, const liveness::Outcome& o) override { after(o); }
  void on_registration(const wire::Registration&, std::uint64_t, base::LogTime, const liveness::Outcome& o) override {
    after(o);
  }
  void on_goodbye(const wire::Goodbye&, wire::Bytes, std::uint64_t, base::LogTime,
                  const liveness::Outcome& o) override {
    after(o);
  }
  void on_command(const wire::Command&, wire::Bytes, std::uint64_t, base::LogTime,
                  const liveness::Outcome& o) override {
    after(o);
  }
  void on_verdict(const wire::Event& v, std::uint64_t, base::LogTime, const liveness::Outcome& o) override;
  void on_event(const wire::Event& e, std::uint64_t, base::LogTime) override {
    if (e.type == wire::events::gap) parted_ = true;
  }
  void on_tick(base::LogTime time) override;

  void after(const liveness::Outcome& outcome);
  void begin_judging();
  void look(std::uint32_t row);
  void rearm(std::uint32_t row);
  void tell_owed(std::uint32_t row, std::size_t newest);
  void decide(std::uint32_t row, const liveness::Deadline& due);
  void tell(std::string map, liveness::Verdict type);

  liveness::Fold fold_;
  std::unique_ptr<liveness::TimingWheel> wheel_;  // made at the first tick that is judged
  Outbox outbox_;
  Counters counters_;
  liveness::Ms now_ = 0;
  bool judging_ = false;
  bool parted_ = false;
};

}  // namespace lifesign::watchdog
