// What agents promise and what was set for them, each distinct set stored once: most agents share a few.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "liveness/row_state.h"
#include "liveness/schedule.h"

namespace lifesign::liveness {

// In effect: defaults are filled in.
struct Policy {
  PolicyState set;
  Ms interval = 0, grace = 0, stall_after = 0;
  std::uint8_t limit = 0;
  std::optional<Schedule> schedule;
  std::uint32_t users = 0;
};

class Policies {
 public:
  Policies();
  // Takes a share, to be given back by release(). `bad_schedule` is set when the schedule can't be used; the
  // interval counts instead.
  std::uint32_t share(const PolicyState& set, bool* bad_schedule = nullptr);
  void release(std::uint32_t policy);
  const Policy& operator[](std::uint32_t policy) const { return *policies_[policy]; }

 private:
  std::vector<std::unique_ptr<Policy>> policies_;
  std::vector<std::uint32_t> free_;
  std::unordered_map<std::string, std::uint32_t> index_;
};

}  // namespace lifesign::liveness
