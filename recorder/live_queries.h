// Answers from memory: agent, agents, totals, snapshot. Pure; the caller holds the state's mutex.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "recorder/query_params.h"
#include "recorder/state.h"

namespace lifesign::recorder {

inline constexpr std::size_t answer_bytes = 512 << 10;  // a page ends when it is larger than this

// Each gives the packed result map. `recorded`: the last seq on disk.
base::Result<std::string> query_agent(const State& state, const QueryParams& params, std::uint64_t recorded);
base::Result<std::string> query_agents(const State& state, const QueryParams& params, std::uint64_t recorded);
base::Result<std::string> query_totals(const State& state, std::uint64_t recorded);
base::Result<std::string> query_snapshot(const State& state, const QueryParams& params, std::uint64_t recorded);

}  // namespace lifesign::recorder
