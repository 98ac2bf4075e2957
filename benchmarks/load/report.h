// A run's results for people and for machines. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "load/options.h"
#include "load/results.h"

namespace lifesign::load {

// What was not measured is null. docs/benchmarks.md says what each name means.
nlohmann::ordered_json to_json(const Options& options, const Results& results);
nlohmann::ordered_json to_json(const Raw& raw);
std::string to_text(const Options& options, const Results& results);
std::string to_text(const Raw& raw);

}  // namespace lifesign::load
