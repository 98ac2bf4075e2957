#include "cli/watch_note.h"

#include <fmt/format.h>

#include "cli/terminal.h"

namespace lifesign::cli {

std::string since_note(std::uint64_t since, std::uint64_t next_seq) {
  if (next_seq == 0 || since < next_seq) return "";
  return fmt::format("--since {} is ahead of the log, whose last seq is {}: nothing is shown until it is past {}",
                     since, next_seq - 1, since);
}

std::string unknown_agents_note(const std::vector<std::string>& ids) {
  if (ids.empty()) return "";
  std::string names;
  for (const auto& id : ids) names += (names.empty() ? "" : ", ") + safe(id);
  return fmt::format("no agent {} is known yet; watched for all the same. `lifesign agents` lists those that are known",
                     names);
}

}  // namespace lifesign::cli
