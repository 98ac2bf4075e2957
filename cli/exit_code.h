// What `lifesign` and the processes exit with; docs/cli.md lists them.
#pragma once

#include "base/error.h"

namespace lifesign::cli {

enum ExitCode : int {
  ok = 0,
  failed = 1,
  usage = 2,           // a wrong command line, or a configuration that cannot be used
  not_reachable = 3,   // no answer in time; of a process: it could not bind, a port is taken
  not_found = 4,       // no such agent; of a process: another instance holds the data folder
  storage_refused = 5  // the database is damaged, newer, full or read-only
};

// The exit code that tells a script what sort of error it was.
constexpr ExitCode exit_code_of(base::Code code) {
  switch (code) {
    case base::Code::not_found:
      return not_found;
    case base::Code::timed_out:
    case base::Code::disconnected:
    case base::Code::recorder_unavailable:
    case base::Code::overloaded:
    case base::Code::queue_full:
      return not_reachable;
    case base::Code::storage_failed:
      return storage_refused;
    case base::Code::invalid_config:
    case base::Code::invalid_agent_id:
    case base::Code::invalid_value:
      return usage;
    default:
      return failed;
  }
}

}  // namespace lifesign::cli
