// Who beats when, by whom, and who falls silent when: the whole load as a pure function of its options and a seed.
//
// Agents are spread evenly over connections, and those of one connection into groups of `batch`: a group beats in one
// message, and is silent together, as the agents of one machine that fails would be. Times are since the load began.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/time.h"

namespace lifesign::load {

struct PlanOptions {
  std::uint32_t agents = 1;
  std::uint32_t connections = 1;
  std::uint32_t batch = 1;   // beats in a message
  base::Micros interval{0};  // that agents promise
  base::Micros jitter{0};    // a message comes up to so much later than its turn
  double beats_per_s = 0;    // of all together; 0: as fast as it goes, and due() is of no use
  double die = 0;            // share of groups that fall silent and return, 0 to 1
  base::Micros warmup{0};    // nobody dies in it
  base::Micros duration{0};  // after the warm-up
  std::uint64_t seed = 1;
};

// How long an agent of this interval is silent before it is timed out: two intervals, as nobody sets a grace or limit.
base::Micros timeout_of(base::Micros interval);
// How long a dying agent is silent: until twice its timeout.
base::Micros silence_of(base::Micros interval);

struct Group {
  std::uint32_t connection = 0;
  std::uint32_t first_agent = 0;  // and `count` in all, in sequence
  std::uint32_t count = 0;
};

class Plan {
 public:
  // `options` must make sense: see check() in load/options.h.
  explicit Plan(const PlanOptions& options);

  const std::vector<Group>& groups() const { return groups_; }
  // Groups of a connection: [first_group(c), first_group(c + 1)).
  std::uint32_t first_group(std::uint32_t connection) const { return first_groups_[connection]; }
  std::uint32_t group_of(std::uint32_t agent) const;

  // When the message of a group's turn (0, 1, 2 …) is due: turns are evenly spaced, groups evenly spread between.
  base::Micros due(std::uint32_t group, std::uint64_t turn) const;

  bool dies(std::uint32_t group) const { return silences_of_[group] != 0; }
  bool silent_at(std::uint32_t group, base::Micros since_start) const;
  std::uint64_t deaths() const { return deaths_; }  // of agents, in the whole run

 private:
  struct Silence {
    base::Micros from, to;
  };
  void plan_silences();

  PlanOptions options_;
  std::vector<Group> groups_;
  std::vector<std::uint32_t> first_groups_;
  std::vector<std::uint32_t> silences_of_;  // by group: 0 none, else 1 + index of the first in silences_
  std::vector<Silence> silences_;
  std::uint32_t silences_each_ = 0;
  std::uint64_t deaths_ = 0;
};

}  // namespace lifesign::load
