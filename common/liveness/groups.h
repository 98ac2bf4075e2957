// Who shares what with whom: peer address, host, zone. Tells an agent that died from a host that was cut off, with
// counters only: O(1) for each change of a status.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "liveness/types.h"

namespace lifesign::liveness {

inline constexpr std::uint32_t cut_off_min_size = 3;

class Groups {
 public:
  Groups();

  // A set of up to three groups. Takes a share, to be given back by leave(). Set 0 has no group.
  std::uint32_t join(std::string_view peer, std::string_view host, std::string_view zone);
  void leave(std::uint32_t set);

  struct Names {
    std::string_view peer, host, zone;
  };
  Names names(std::uint32_t set) const;

  // A member's status came to be, changed, or ceased to be (nullptr). `interval`: the member's, for how long a timeout
  // counts as fresh.
  void change(std::uint32_t set, const Status* before, const Status* after, Ms at, Ms interval);

  // "host=a" of the largest group with at least cut_off_min_size members of which more than half are late, or timed
  // out within the last interval; "" if there is none. `asker`: the status of the member about to time out.
  std::string cut_off(std::uint32_t set, Status asker, Ms at, Ms interval) const;

 private:
  struct Group {
    std::string name;  // "host=a"
    std::uint32_t sets = 0;
    std::uint32_t active = 0, late = 0;
    // Timeouts in the present and in the previous window; a window lasts an interval.
    Ms window = 0;
    std::uint32_t fresh = 0, fresh_before = 0;
    std::uint32_t fresh_at(Ms at, Ms interval) const;
  };
  struct Set {
    std::uint32_t groups[3] = {0, 0, 0};  // 0: none
    std::uint32_t users = 0;
    std::string key;
  };
  std::uint32_t group_of(std::string_view prefix, std::string_view value);
  void drop_group(std::uint32_t group);

  std::vector<Group> groups_;
  std::vector<Set> sets_;
  std::vector<std::uint32_t> free_groups_, free_sets_;
  std::unordered_map<std::string, std::uint32_t> group_index_, set_index_;
};

}  // namespace lifesign::liveness
