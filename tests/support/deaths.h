// What should have been told of an agent's silences, worked out from the recorded beats and blind spans alone, by the
// rules of docs/liveness.md and without the fold.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/system.h"

namespace lifesign::tests {

// When nobody listened, in log time (µs), from broker.started, fleet.blind and log.gap, in order.
struct Blind {
  std::uint64_t from = 0, to = 0;
  std::uint64_t told = 0;  // seq
};
std::vector<Blind> blind_spans(const std::vector<Value>& events);

struct Silence {
  std::uint64_t evidence = 0;         // seq of the beat before it
  std::uint64_t ended_by = 0;         // seq of the beat after it; 0: it lasts
  std::uint64_t from = 0, until = 0;  // log time
  std::uint64_t latest = 0;           // it was due by then, whatever was in the way
  bool must_be_told = false;          // there was time enough after `latest`, listened to without a break
};
// `timeout`, `first_miss`: of the agent, in µs without blind spans. `now`: up to where the log goes.
std::vector<Silence> silences(const std::vector<Value>& beats, const std::vector<Blind>& blind, std::uint64_t timeout,
                              std::uint64_t first_miss, std::uint64_t now);

// Each silence that must be told is one timeout and, if it ended, one recovery; none is told of a silence that ended
// before it was due by what the log said of blind spans until then. Returns how many were told.
std::size_t audit_deaths(const std::string& agent_id, const std::vector<Silence>& silences,
                         const std::vector<Blind>& blind, std::uint64_t timeout, const std::vector<Value>& events);

}  // namespace lifesign::tests
