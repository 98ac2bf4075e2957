// Log lines: whatever is logged stays one line, without control characters, and as JSON it is JSON.
#include "telemetry/log_line.h"

#include <nlohmann/json.hpp>

#include "target.h"

namespace lifesign::fuzz {

void run(std::string_view input) {
  Input parts(input);
  const std::string_view name = parts.part();
  const std::string_view text = parts.rest();
  const spdlog::details::log_msg message(spdlog::string_view_t(name.data(), name.size()), spdlog::level::info,
                                         spdlog::string_view_t(text.data(), text.size()));
  for (const auto format : {telemetry::Format::text, telemetry::Format::json}) {
    if (format == telemetry::Format::text && !name.empty()) continue;  // names are ours; only JSON quotes them
    spdlog::memory_buf_t out;
    telemetry::format_line(message, format, false, out);
    const std::string_view line(out.data(), out.size());
    LIFESIGN_ASSERT(line.find('\n') == line.size() - 1, "several lines");
    for (const char c : line.substr(0, line.size() - 1))
      LIFESIGN_ASSERT(static_cast<unsigned char>(c) >= 0x20 || c == '\t', "control character {}", int(c));
    if (format == telemetry::Format::json) LIFESIGN_ASSERT(nlohmann::json::accept(line), "no JSON: {}", line);
  }
}

}  // namespace lifesign::fuzz
