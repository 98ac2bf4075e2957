// The oracle: judges what the recorder holds at the end of a world by the log alone, in plain terms, without the fold.
//
//   (a) no agent that beat in time is timed out        (b) each death is told once, and its end once
//   (c) what was acknowledged as recorded is there, and counts once
//
// A beat is a sign of life if it belongs to the latest run of its agent, which has not said goodbye, and is new there
// or the latest one again. Agents whose runs cross (a beat of an earlier run while the later one may be late) are left
// out of (b) from there on, and counted as unclear.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "sim/blindness.h"
#include "sim/host.h"
#include "sim/store.h"
#include "sim/tally.h"

namespace lifesign::sim {

class Oracle {
 public:
  // `delay`: of a verdict with that deadline (log time, ms) and seq, in ms.
  struct Inputs {
    const Store& store;
    std::vector<Acked> acked;
    std::function<std::int64_t(std::int64_t deadline, std::uint64_t seq)> delay;
    std::int64_t delay_most = 3'000;
  };
  Oracle(Inputs inputs, Tally& tally) : in_(std::move(inputs)), tally_(tally) {}

  void judge();
  const Blindness& blindness() const { return blindness_; }
  std::uint64_t counted() const { return counted_; }

 private:
  struct Verdict {
    std::uint64_t seq, evidence, as_of;
    std::int64_t decided;
    std::string agent_id;
    unsigned told = 1;
    bool used = false;
  };
  struct Run {
    std::uint64_t run = 0;
    bool closed = false;
    std::uint64_t highest = 0;
    std::vector<bool> seen, counted;  // by run_seq
  };
  struct Agent {
    std::uint64_t interval = 30'000, limit = 2, grace = 0;
    bool has_grace = false;
    std::vector<Run> runs;  // in order of first appearance
    bool watched = false;   // a deadline runs
    bool beaten = false;    // by a live beat
    std::uint64_t evidence = 0;
    std::int64_t last = 0;
    bool unclear = false;
    Blindness::Silence silence() const {
      const std::uint64_t g = has_grace ? grace : interval / 4;
      return {last, static_cast<std::int64_t>(std::max(limit * interval, interval + g)),
              static_cast<std::int64_t>(interval + g)};
    }
  };

  void read_events();
  void walk();
  void entry(const wire::Entry& entry, const recorder::ChunkHeader& header);
  void beat(const wire::Beat& beat, std::uint64_t seq, std::int64_t at, bool repeat, bool backfill);
  void count(Agent& agent, Run& run, const wire::Beat& beat, std::uint64_t seq, bool repeat);
  void registration(const wire::Registration& r, std::uint64_t seq, std::int64_t at);
  void goodbye(const wire::Goodbye& g, std::int64_t at);
  // The silence since agent.last ends at `at`: by the beat `by`, or by something else (0), or it lasts (`open`).
  void end_silence(const std::string& id, Agent& agent, std::int64_t at, std::uint64_t by, bool open);
  void judge_timeout(const std::string& id, Agent& agent, Verdict& v, std::int64_t at, std::uint64_t by, bool open);
  bool is_lost(std::uint64_t seq) const;  // between two chunks of the log
  void check_acked(std::uint64_t seq, const wire::Beat& beat);
  Agent& agent(std::string_view id);
  Run& run_of(Agent& agent, std::uint64_t run);
  std::string who(const std::string& id, const Agent& agent, std::int64_t at) const;

  Inputs in_;
  Tally& tally_;
  Blindness blindness_;
  std::unordered_map<std::string, Agent> agents_;
  std::unordered_map<std::uint64_t, Verdict> timeouts_, recoveries_;  // by evidence
  std::vector<std::pair<std::uint64_t, std::uint64_t>> jumps_;
  std::vector<std::int64_t> ticks_;  // those with a seq, ms
  std::int64_t end_ = 0;
  std::size_t next_acked_ = 0;
  std::uint64_t counted_ = 0;
};

}  // namespace lifesign::sim
