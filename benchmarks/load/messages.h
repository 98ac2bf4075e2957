// The bytes of the load: each agent's id and run are packed once, a message is put together from them in a buffer that
// is used again. Nothing here allocates for a message. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "load/plan.h"
#include "wire/kinds.h"

namespace lifesign::load {

class Messages {
 public:
  // Ids are `prefix` and the agent's number; all beats carry `run` (not 0).
  Messages(std::string prefix, std::uint32_t agents, std::uint64_t run);

  std::string id(std::uint32_t agent) const;
  // The number of an agent of ours; false: the id is not one of ours.
  bool agent_of(std::string_view id, std::uint32_t& agent) const;

  // The views live until the next call of the same function.
  std::string_view header(wire::Kind kind, std::uint64_t corr, wire::Ack ack);
  struct Beats {
    std::uint64_t run_seq = 1;      // of every beat in the message
    std::uint64_t interval_ms = 0;  // 0: not said
    std::uint64_t sent_at = 0;      // µs since 1970, on the first beat; 0: not said
  };
  std::string_view body(const Group& group, const Beats& beats);

 private:
  std::string prefix_;
  std::uint32_t agents_;
  std::string packed_;  // of every agent: id, run
  std::size_t packed_each_ = 0;
  std::string header_, body_;
};

}  // namespace lifesign::load
