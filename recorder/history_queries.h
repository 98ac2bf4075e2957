// Answers from disk: an agent's beats in a span, events since a seq. Within one read transaction, of bounded work.
#pragma once

#include <string>

#include "base/error.h"
#include "recorder/environment_store.h"
#include "recorder/query_params.h"

namespace lifesign::recorder {

inline constexpr std::size_t log_bytes_per_request = 4 << 20;

base::Result<std::string> query_beats(const Txn& txn, const QueryParams& params);
base::Result<std::string> query_events(const Txn& txn, const QueryParams& params);

}  // namespace lifesign::recorder
