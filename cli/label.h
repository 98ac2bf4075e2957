// Labels as they are typed: key=value, repeated.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/error.h"

namespace lifesign::cli {

// The value may be empty and may hold '='; the key may do neither. The same key twice is an error.
base::Result<std::map<std::string, std::string>> parse_labels(const std::vector<std::string>& texts);
// "host=a zone=b"
std::string format_labels(const std::map<std::string, std::string>& labels);

}  // namespace lifesign::cli
