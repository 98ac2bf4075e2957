// Durations and sizes as people write them, and checks of text that came from outside.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"

namespace lifesign::base {

// "300ms", "10s", "2m", "1h", "7d", "1.5s"; a unit is required, but "0" needs none. Never negative.
Result<Micros> parse_duration(std::string_view text);
// The shortest exact form up to two units: "1h30m", "2.5s", "300ms", "0s".
std::string format_duration(Micros duration);

// "4096", "64KiB", "1GiB" (powers of 1024), "10MB" (powers of 1000).
Result<std::uint64_t> parse_size(std::string_view text);
std::string format_size(std::uint64_t bytes);

bool is_utf8(std::string_view text);
// 1 to 128 bytes of UTF-8, no control characters, no '/'.
bool is_agent_id(std::string_view text);
// For messages to people: control characters and broken UTF-8 escaped, cut to a bounded length.
std::string printable(std::string_view text, std::size_t max_bytes = 64);

}  // namespace lifesign::base
