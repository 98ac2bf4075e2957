// An agent's map from the recorder as a person reads it. Pure: `now` is an argument.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "cli/json.h"
#include "cli/table.h"

namespace lifesign::cli {

// How one field of a record reads; "" where it is absent, null or empty.
std::string text_of(const Json& record, const char* field);
std::uint64_t number_of(const Json& record, const char* field);

// "active", "active, stalled", "offline (silent)".
Cell status_cell(const Json& agent);
// "3s ago"; "" for a time that there is not. `micros` is log time.
std::string ago(std::uint64_t micros, base::Micros now);

Table agents_table();
void add_agent_row(Table& table, const Json& agent, base::Micros now);
// Name and value, one a line.
std::string agent_card(const Json& agent, base::Micros now, const Terminal& terminal);

}  // namespace lifesign::cli
