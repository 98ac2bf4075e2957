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
// What a field holds; 0, `otherwise` or {} where it is absent or holds something else.
std::uint64_t number_of(const Json& record, const char* field);
bool flag_of(const Json& record, const char* field, bool otherwise = false);
const Json& map_of(const Json& record, const char* field);
// A number of milliseconds as a duration; one that no duration can hold, as the longest.
base::Millis millis_of(const Json& record, const char* field);

// "active", "active, stalled", "offline (silent)".
Cell status_cell(const Json& agent);
// "3s ago"; "" for a time that there is not. `micros` is log time.
std::string ago(std::uint64_t micros, base::Micros now);

Table agents_table();
void add_agent_row(Table& table, const Json& agent, base::Micros now);
// Name and value, one a line.
std::string agent_card(const Json& agent, base::Micros now, const Terminal& terminal);

}  // namespace lifesign::cli
