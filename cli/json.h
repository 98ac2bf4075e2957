// Packed maps of the protocol as JSON, under the protocol's field names.
//
// Times are ISO 8601 (UTC), with the raw microseconds beside them: "time": "2026-…Z", "time_us": 1795558411120000.
// A time that is 0, which means that there is none, is null. What JSON cannot hold is made to fit: binary as
// base64, broken UTF-8 with replacement characters, infinities and NaN as null.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "base/time.h"
#include "wire/reader.h"

namespace lifesign::cli {

using Json = nlohmann::ordered_json;

// Any packed value. Times are left as numbers.
base::Result<Json> to_json(wire::Bytes packed);
// A map whose own fields (not those of maps inside it: metadata is the agent's) have their times written out.
base::Result<Json> record_to_json(wire::Bytes packed);
void write_out_times(Json& record);

// One line, without its newline.
std::string line_of(const Json& json);

}  // namespace lifesign::cli
