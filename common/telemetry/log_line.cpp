#include "telemetry/log_line.h"

#include <fmt/format.h>

#include <chrono>
#include <iterator>

#include "base/time.h"

namespace lifesign::telemetry {
namespace {

void append(spdlog::memory_buf_t& out, std::string_view text) {
  out.append(text.data(), text.data() + text.size());
}

std::string time_text(spdlog::log_clock::time_point time) {
  auto micros = std::chrono::duration_cast<base::Micros>(time.time_since_epoch());
  return base::iso8601(base::LogTime(micros));
}

// Length of the UTF-8 sequence that starts here, 0 if it is broken.
std::size_t utf8_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  std::size_t length = lead < 0x80 ? 1 : lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : 0;
  if (lead >= 0xf0 && lead < 0xf5) length = 4;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xc0) != 0x80) return 0;
  }
  // Overlong forms, surrogates and what lies past U+10FFFF.
  if (length > 2) {
    const auto second = static_cast<unsigned char>(text[1]);
    if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second >= 0xa0)) return 0;
    if ((lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second >= 0x90)) return 0;
  }
  return length;
}

// Calls `special(byte)` for bytes that must not go out as they are, and copies the rest.
template <class Special>
void escape(spdlog::memory_buf_t& out, std::string_view text, bool json, Special special) {
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text[0]);
    const auto length = utf8_length(text);
    const bool c1_control = length == 2 && byte == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0;
    if (length == 0 || byte < 0x20 || byte == 0x7f || c1_control || (json && (byte == '"' || byte == '\\'))) {
      special(byte);
      text.remove_prefix(1);
      if (c1_control) {
        special(static_cast<unsigned char>(text[0]));
        text.remove_prefix(1);
      }
      continue;
    }
    append(out, text.substr(0, length));
    text.remove_prefix(length);
  }
}

void append_plain(spdlog::memory_buf_t& out, std::string_view text) {
  escape(out, text, false, [&](unsigned char byte) {
    if (byte == '\t') {
      out.push_back('\t');
    } else if (byte == '\n') {
      append(out, "\\n");
    } else {
      fmt::format_to(std::back_inserter(out), "\\x{:02x}", byte);
    }
  });
}

void append_json(spdlog::memory_buf_t& out, std::string_view text) {
  out.push_back('"');
  escape(out, text, true, [&](unsigned char byte) {
    switch (byte) {
      case '"':
        append(out, "\\\"");
        break;
      case '\\':
        append(out, "\\\\");
        break;
      case '\n':
        append(out, "\\n");
        break;
      case '\t':
        append(out, "\\t");
        break;
      case '\r':
        append(out, "\\r");
        break;
      default:
        // JSON can only hold text: a byte that is not part of any stands as the code point of the same number.
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
    }
  });
  out.push_back('"');
}

std::string_view level_colour(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::warn:
      return "\x1b[33m";
    case spdlog::level::err:
      return "\x1b[31m";
    case spdlog::level::critical:
      return "\x1b[1;31m";
    case spdlog::level::info:
      return "\x1b[32m";
    default:
      return "\x1b[2m";
  }
}

}  // namespace

std::string_view level_word(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::trace:
      return "trace";
    case spdlog::level::debug:
      return "debug";
    case spdlog::level::info:
      return "info";
    case spdlog::level::warn:
      return "warn";
    case spdlog::level::err:
      return "error";
    case spdlog::level::critical:
      return "fatal";
    default:
      return "off";
  }
}

void format_line(const spdlog::details::log_msg& message, Format format, bool colour, spdlog::memory_buf_t& out) {
  const std::string_view name(message.logger_name.data(), message.logger_name.size());
  const std::string_view payload(message.payload.data(), message.payload.size());
  if (format == Format::json) {
    append(out, "{\"time\":\"");
    append(out, time_text(message.time));
    append(out, "\",\"level\":\"");
    append(out, level_word(message.level));
    append(out, "\",\"name\":");
    append_json(out, name);
    append(out, ",\"message\":");
    append_json(out, payload);
    append(out, "}\n");
    return;
  }
  append(out, time_text(message.time));
  out.push_back(' ');
  if (colour) append(out, level_colour(message.level));
  fmt::format_to(std::back_inserter(out), "{:<5}", level_word(message.level));
  if (colour) append(out, "\x1b[0m");
  out.push_back(' ');
  append(out, name);
  append(out, "  ");
  append_plain(out, payload);
  out.push_back('\n');
}

}  // namespace lifesign::telemetry
