// What `check` found, as JSON and as a person reads it. Pure.
#pragma once

#include <string>
#include <system_error>

#include "cli/guarded.h"
#include "cli/json.h"
#include "recorder/check.h"

namespace lifesign::cli {

Json check_json(const recorder::CheckReport& report);
// What it means that no database can be read in `folder`: not_found where there is none, else io_failed with the file
// system's reason.
base::Error no_database(const std::string& folder, std::error_code error);
// {"error", "code"} of a database that cannot be opened.
Json check_error(const base::Error& error);
// The child's answer; where it died or was cut short, that is the finding: {"error": …, "code": "storage_failed"}.
Json check_outcome(const Guarded& guarded);
std::string check_text(const Json& outcome, const std::string& folder);
bool is_sound(const Json& outcome);

}  // namespace lifesign::cli
