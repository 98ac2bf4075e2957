// Runs work in a child process, so that what kills it (SIGBUS on a cut file) is an outcome and not our end.
// Call it while this process has one thread.
#pragma once

#include <functional>
#include <string>

#include "base/error.h"
#include "cli/restart_policy.h"

namespace lifesign::cli {

struct Guarded {
  std::string text;  // what the work returned; as far as it came
  Death death;       // exit code 0: the work returned
};

base::Result<Guarded> run_guarded(const std::function<std::string()>& work);

}  // namespace lifesign::cli
