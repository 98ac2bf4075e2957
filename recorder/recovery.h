// Brings the state back from the database: rows as of the last checkpoint, then the log from where that began.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "recorder/environment_store.h"
#include "recorder/state.h"

namespace lifesign::recorder {

struct Recovered {
  std::uint64_t rows = 0;      // read
  std::uint64_t chunks = 0;    // replayed
  std::uint64_t next_seq = 0;  // next_seq of the last chunk, 0 if there is none
};

// `state` must be new. An error names what is damaged and where.
base::Result<Recovered> recover(const EnvironmentStore& env, State& state);

}  // namespace lifesign::recorder
