// Events as lines that a person reads. Pure.
#pragma once

#include <string>

#include "cli/json.h"
#include "cli/terminal.h"

namespace lifesign::cli {

// What happened, in words: "not heard since 22:13:01.120 (silent)".
std::string describe(const Json& event);

// "2026-11-24T22:13:31.120Z  agent.timeout  web-1  not heard since …". `brief`: the time of day only.
std::string event_line(const Json& event, const Terminal& terminal, bool brief);

}  // namespace lifesign::cli
