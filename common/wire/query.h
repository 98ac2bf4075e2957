// Query: the request's and the answer's header. Bodies are maps, written by recorder/ and read by agent-sdk/.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "wire/reader.h"

namespace lifesign::wire {

struct QueryHeader {
  std::string_view name;  // of a request the method, of an answer "ok" or an error code's name
  std::uint64_t corr = 0;
};

// `out.corr` is set as soon as it could be read, so that even an error finds its request.
base::Status read_query_header(Bytes frame, QueryHeader& out);
std::string write_query_header(const QueryHeader& header);

}  // namespace lifesign::wire
