// How one log line looks. Text from outside is escaped, so that nobody can forge a line or move a cursor with it.
#pragma once

#include <spdlog/common.h>
#include <spdlog/details/log_msg.h>

#include <string_view>

#include "telemetry/log.h"

namespace lifesign::telemetry {

std::string_view level_word(spdlog::level::level_enum level);  // "info", "warn", "error", …

// Appends the line with its newline.
void format_line(const spdlog::details::log_msg& message, Format format, bool colour, spdlog::memory_buf_t& out);

}  // namespace lifesign::telemetry
