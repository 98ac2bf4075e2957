// Logs written by hand: each line is one record, time in seconds since the script's start.
//
//   LogScript log;
//   log.beat(10, "a");            a beat at t = 10 s, next seq
//   log.tick(80);                 a drained tick
//   for (const auto& e : log.entries()) fold.apply_entry(e.view())
#pragma once

#include <cmath>
#include <deque>
#include <string>
#include <vector>

#include "base/assert.h"
#include "liveness/types.h"
#include "wire/beat.h"
#include "wire/event.h"
#include "wire/log.h"
#include "wire/registration.h"
#include "wire/writer.h"

namespace lifesign::test {

inline constexpr std::uint64_t script_start = 1'700'000'000'000'000;  // log time of t = 0, in µs

inline base::LogTime at(double seconds) {
  return base::log_time(script_start + static_cast<std::uint64_t>(std::llround(seconds * 1e6)));
}
inline liveness::Ms ms(double seconds) {
  return liveness::to_ms(at(seconds));
}

struct Record {
  wire::Kind kind;
  std::uint64_t first_seq;
  std::uint32_t count;
  base::LogTime time;
  std::uint32_t connection;
  std::string peer, body;

  wire::Entry view() const { return {kind, first_seq, count, time, connection, peer, body}; }
};

class LogScript {
 public:
  explicit LogScript(std::uint64_t first_seq = 1) : next_(first_seq) {}

  std::uint32_t connection = 1;  // of what comes next
  std::string peer;

  std::uint64_t beat(double t, wire::Beat beat) {
    return array(wire::Kind::beats, t, [&](wire::Writer& w) { wire::write_beat(w, beat); });
  }
  std::uint64_t beat(double t, std::string_view id, std::uint64_t run = 0, std::uint64_t run_seq = 0) {
    wire::Beat b;
    b.agent_id = id;
    b.run = run;
    b.run_seq = run_seq;
    return beat(t, b);
  }
  std::uint64_t backfill(double t, std::string_view id, std::uint64_t run, std::uint64_t run_seq, std::uint64_t age) {
    wire::Beat b;
    b.agent_id = id;
    b.run = run;
    b.run_seq = run_seq;
    b.age_ms = age;
    return array(wire::Kind::backfill, t, [&](wire::Writer& w) { wire::write_beat(w, b); });
  }
  std::uint64_t registration(double t, const wire::Registration& r) {
    return array(wire::Kind::registration, t, [&](wire::Writer& w) { wire::write_registration(w, r); });
  }
  std::uint64_t goodbye(double t, std::string_view id, std::uint64_t run = 0) {
    wire::Goodbye g;
    g.agent_id = id;
    g.run = run;
    return array(wire::Kind::goodbye, t, [&](wire::Writer& w) { wire::write_goodbye(w, g); });
  }
  std::uint64_t command(double t, std::string_view type, std::string_view id) {
    wire::Command c;
    c.type = type;
    c.agent.agent_id = id;
    return array(wire::Kind::command, t, [&](wire::Writer& w) { wire::write_command(w, c); });
  }
  std::uint64_t verdict(double t, std::string_view map) {
    return array(wire::Kind::verdicts, t, [&](wire::Writer& w) { w.raw(map); });
  }
  std::uint64_t blind(double t, double from, double to, std::string_view type = wire::events::blind) {
    return array(wire::Kind::event, t, [&](wire::Writer& w) {
      w.map(5)
          .field("type", type)
          .field("agent_id", std::string_view())
          .field("cause", std::string_view("pause"))
          .field("blind_from", base::to_wire(at(from)))
          .field("blind_to", base::to_wire(at(to)));
    });
  }
  std::uint64_t restart(double from, double to) { return blind(to, from, to, wire::events::broker_started); }
  void closed(double t, std::uint32_t c) {
    array(wire::Kind::closed, t, [&](wire::Writer& w) { w.u64(c); });
  }
  void tick(double t) { tick(t, 0); }
  void sequenced_tick(double t) { tick(t, 1); }  // as the broker makes one each second
  void skip_to(std::uint64_t seq) {
    LIFESIGN_ASSERT(seq >= next_, "seq {} is behind {}", seq, next_);
    next_ = seq;
  }

  std::uint64_t next_seq() const { return next_; }
  const std::deque<Record>& records() const { return records_; }
  const Record& last() const { return records_.back(); }

 private:
  void tick(double t, std::uint32_t count) {
    std::string body;
    wire::Writer(body).array(0);
    records_.push_back({wire::Kind::tick, next_, count, at(t), 0, "", body});
    next_ += count;
  }
  template <class Write>
  std::uint64_t array(wire::Kind kind, double t, Write write) {
    std::string body;
    wire::Writer w(body);
    w.array(1);
    write(w);
    const bool broker = kind == wire::Kind::event || kind == wire::Kind::closed;
    records_.push_back({kind, next_, 1, at(t), broker ? 0 : connection, peer, body});
    return next_++;
  }

  std::uint64_t next_;
  std::deque<Record> records_;
};

inline wire::Registration registration(std::string_view id) {
  wire::Registration r;
  r.agent_id = id;
  return r;
}

}  // namespace lifesign::test
