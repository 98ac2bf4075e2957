#include "cli/restart_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "cli/exit_code.h"

namespace lifesign::cli {
namespace {

// As the processes mean them (docs/cli.md).
const char* meaning_of(int code) {
  switch (code) {
    case ok:
      return "it was told to stop";
    case usage:
      return "its settings cannot be used";
    case not_reachable:
      return "it could not bind; a port may be taken";
    case not_found:
      return "another one holds the data folder";
    case storage_refused:
      return "its storage cannot be used";
    case 127:
      return "the program could not be started";
    default:
      return "it failed";
  }
}

}  // namespace

std::string death_text(const Death& death) {
  if (death.signalled) return fmt::format("killed by signal {} ({})", death.code, ::strsignal(death.code));
  return fmt::format("exit code {} ({})", death.code, meaning_of(death.code));
}

bool is_final(const Death& death) {
  if (death.signalled) return false;
  return death.code == usage || death.code == not_reachable || death.code == not_found ||
         death.code == storage_refused || death.code == 127;
}

std::optional<base::Micros> RestartPolicy::on_death(const Death& death) {
  if (is_final(death)) return std::nullopt;
  quick_deaths_ = death.lived >= long_life ? 1 : quick_deaths_ + 1;
  if (quick_deaths_ >= quick_deaths_at_most) return std::nullopt;
  return std::min(longest_wait, first_wait * (1 << (quick_deaths_ - 1)));
}

}  // namespace lifesign::cli
