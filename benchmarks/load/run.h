// One run from beginning to end: the system, the load, the listener, the reckoning.
#pragma once

#include "base/error.h"
#include "base/stop_signal.h"
#include "load/options.h"
#include "load/results.h"

namespace lifesign::load {

// On the main thread. A signal ends the load early; what was measured until then is the result.
base::Result<Results> run(const Options& options, base::StopSignal& stop);

}  // namespace lifesign::load
