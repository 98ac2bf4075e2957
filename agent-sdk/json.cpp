// to_json and json_text of lifesign/value.h.
#include <fmt/format.h>

#include <cmath>

#include "base/text.h"
#include "lifesign/value.h"

namespace lifesign {
namespace {

// How many bytes the UTF-8 sequence at the front of `text` has; 0 if it is broken.
std::size_t sequence(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  return text.size() >= length && base::is_utf8(text.substr(0, length)) ? length : 0;
}

void append_text(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t length = sequence(text);
    const char c = text.front();
    if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else if (length > 1) {
      out += text.substr(0, length);
    } else if (c == '"' || c == '\\') {
      (out += '\\') += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      out += c;
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

void append_base64(std::string& out, std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  out += '"';
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t at) -> unsigned {
      return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0u;
    };
    const unsigned three = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    out += digits[three >> 18];
    out += digits[three >> 12 & 63];
    out += i + 1 < bytes.size() ? digits[three >> 6 & 63] : '=';
    out += i + 2 < bytes.size() ? digits[three & 63] : '=';
  }
  out += '"';
}

// The depth is bounded by parse().
void append(std::string& out, const Value& value) {
  switch (value.type()) {
    case Value::Type::boolean:
      out += *value.boolean() ? "true" : "false";
      break;
    case Value::Type::integer:
      out += value.u64() ? fmt::format("{}", *value.u64()) : fmt::format("{}", value.i64_or(0));
      break;
    case Value::Type::real: {
      const double number = value.number_or(0);
      out += std::isfinite(number) ? fmt::format("{}", number) : "null";
      break;
    }
    case Value::Type::text:
      append_text(out, *value.text());
      break;
    case Value::Type::binary:
      append_base64(out, *value.binary());
      break;
    case Value::Type::array: {
      out += '[';
      bool first = true;
      for (const Value& item : value.items()) {
        if (!std::exchange(first, false)) out += ',';
        append(out, item);
      }
      out += ']';
      break;
    }
    case Value::Type::map: {
      out += '{';
      bool first = true;
      for (const auto& [key, item] : value.pairs()) {
        if (!std::exchange(first, false)) out += ',';
        append_text(out, key);
        out += ':';
        append(out, item);
      }
      out += '}';
      break;
    }
    case Value::Type::absent:
    case Value::Type::nil:
    case Value::Type::extension:
      out += "null";
      break;
  }
}

}  // namespace

std::string to_json(const Value& value) {
  std::string out;
  append(out, value);
  return out;
}

std::string json_text(std::string_view text) {
  std::string out;
  append_text(out, text);
  return out;
}

}  // namespace lifesign
