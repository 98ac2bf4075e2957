// The parameters of a query, of whatever method: read and checked in one place. Views point into the request.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "liveness/types.h"
#include "wire/limits.h"
#include "wire/reader.h"

namespace lifesign::recorder {

struct QueryParams {
  static constexpr std::uint64_t no_bound = std::numeric_limits<std::int64_t>::max();
  static constexpr std::size_t most_types = 32;

  std::string_view agent_id;  // empty: not said
  std::optional<liveness::Status> status;
  std::vector<std::pair<std::string_view, std::string_view>> labels;
  std::string_view prefix;
  std::string_view cursor;  // empty: from the beginning
  std::size_t limit = wire::limits::page_default;
  std::uint64_t from = 0, to = no_bound;      // µs
  std::uint64_t since = 0, until = no_bound;  // seqs
  std::vector<std::string_view> types;        // empty: all but heartbeat.received
};

base::Status read_query_params(wire::Bytes frame, QueryParams& out);

}  // namespace lifesign::recorder
