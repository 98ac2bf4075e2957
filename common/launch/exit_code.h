// What the processes and `lifesign` exit with; docs/cli.md lists them.
#pragma once

#include "base/error.h"

namespace lifesign::launch {

enum ExitCode : int {
  ok = 0,
  failed = 1,
  usage = 2,            // a wrong command line, or a configuration that cannot be used
  cannot_bind = 3,      // a port is taken; of `lifesign`: no answer in time
  folder_in_use = 4,    // another instance holds the data folder; of `lifesign`: no such agent
  storage_refused = 5,  // the database or state file is damaged, newer, full or read-only
};

// Of an error that ended a process.
constexpr ExitCode exit_code_of(base::Code code) {
  switch (code) {
    case base::Code::busy:
      return cannot_bind;
    case base::Code::invalid_config:
      return usage;
    case base::Code::storage_failed:
      return storage_refused;
    default:
      return failed;
  }
}

}  // namespace lifesign::launch
