// What somebody who begins to watch should know beforehand: a sentence, or "" where all is as expected. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace lifesign::cli {

// `next_seq` is the broker's: nothing has it yet. 0: not known.
std::string since_note(std::uint64_t since, std::uint64_t next_seq);
// Agents that were asked for and have no row.
std::string unknown_agents_note(const std::vector<std::string>& ids);

}  // namespace lifesign::cli
