#include "base/text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

namespace lifesign::base {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::array<Unit, 6> duration_units = {
    {{"d", 86'400'000'000}, {"h", 3'600'000'000}, {"m", 60'000'000}, {"s", 1'000'000}, {"ms", 1'000}, {"us", 1}}};
constexpr std::array<Unit, 9> size_units = {{{"TiB", 1ull << 40},
                                             {"GiB", 1ull << 30},
                                             {"MiB", 1ull << 20},
                                             {"KiB", 1ull << 10},
                                             {"TB", 1'000'000'000'000},
                                             {"GB", 1'000'000'000},
                                             {"MB", 1'000'000},
                                             {"kB", 1'000},
                                             {"B", 1}}};

constexpr double largest = 9.0e15;  // still exact in a double, and fits an int64 of microseconds

// One "<number><unit>" off the front of `rest`; false, and nothing taken, if there is none.
template <std::size_t N>
bool take_term(std::string_view& rest, const std::array<Unit, N>& units, double& total) {
  double number = 0;
  std::string_view text = rest;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (failed != std::errc{} || !(number >= 0)) return false;  // "nan" is taken for a number
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  const auto unit_bytes = std::min(text.find_first_of("0123456789."), text.size());
  for (const Unit& unit : units) {
    if (text.substr(0, unit_bytes) != unit.name) continue;
    total += number * static_cast<double>(unit.factor);
    rest = text.substr(unit_bytes);
    return true;
  }
  return false;
}

}  // namespace

Result<Micros> parse_duration(std::string_view text) {
  if (text == "0") return Micros(0);
  double total = 0;
  std::string_view rest = text;
  while (!rest.empty())
    if (!take_term(rest, duration_units, total)) break;
  if (text.empty() || !rest.empty() || total > largest)
    return Error{
        Code::invalid_value,
        fmt::format("\"{}\" is not a duration; write for example 300ms, 10s, 2m, 1h30m or 7d", printable(text))};
  return Micros(static_cast<std::int64_t>(std::llround(total)));
}

std::string format_duration(Micros duration) {
  auto left = static_cast<std::uint64_t>(duration.count() < 0 ? -duration.count() : duration.count());
  const std::string sign = duration.count() < 0 ? "-" : "";
  if (left == 0) return "0s";
  if (left < 1'000) return fmt::format("{}{}us", sign, left);
  if (left < 1'000'000) return sign + fmt::format("{:.4g}", static_cast<double>(left) / 1e3) + "ms";
  if (left < 60'000'000) return sign + fmt::format("{:.4g}", static_cast<double>(left) / 1e6) + "s";
  std::string out = sign;
  int terms = 0;
  for (const Unit& unit : duration_units) {
    if (unit.factor < 1'000'000 || terms == 2) break;
    if (left < unit.factor) {
      if (terms == 1) break;
      continue;
    }
    out += fmt::format("{}{}", left / unit.factor, unit.name);
    left %= unit.factor;
    ++terms;
  }
  return out;
}

Result<std::uint64_t> parse_size(std::string_view text) {
  double total = 0;
  std::string_view rest = text;
  bool good = !text.empty();
  if (good && text.find_first_not_of("0123456789") == std::string_view::npos) {
    std::uint64_t bytes = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), bytes);
    if (failed == std::errc{} && end == text.data() + text.size()) return bytes;
    good = false;
  }
  if (!good || !take_term(rest, size_units, total) || !rest.empty() || total > largest)
    return Error{Code::invalid_value,
                 fmt::format("\"{}\" is not a size; write for example 4096, 64KiB, 256MiB or 16GiB", printable(text))};
  return static_cast<std::uint64_t>(std::llround(total));
}

std::string format_size(std::uint64_t bytes) {
  for (const Unit& unit : size_units) {
    if (unit.factor % 1024 != 0 || bytes < unit.factor) continue;
    if (bytes % unit.factor == 0) return fmt::format("{}{}", bytes / unit.factor, unit.name);
    return fmt::format("{:.1f}{}", static_cast<double>(bytes) / static_cast<double>(unit.factor), unit.name);
  }
  return fmt::format("{}B", bytes);
}

// RFC 3629: shortest forms only, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view text) {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const auto* end = at + text.size();
  while (at != end) {
    const unsigned char lead = *at++;
    if (lead < 0x80) continue;
    int more = 0;
    unsigned char low = 0x80, high = 0xBF;
    if (lead >= 0xC2 && lead <= 0xDF) {
      more = 1;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
      more = 2;
      if (lead == 0xE0) low = 0xA0;
      if (lead == 0xED) high = 0x9F;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
      more = 3;
      if (lead == 0xF0) low = 0x90;
      if (lead == 0xF4) high = 0x8F;
    } else {
      return false;
    }
    for (; more > 0; --more) {
      if (at == end || *at < low || *at > high) return false;
      ++at;
      low = 0x80;
      high = 0xBF;
    }
  }
  return true;
}

bool is_agent_id(std::string_view text) {
  constexpr std::size_t most = 128;
  if (text.empty() || text.size() > most) return false;
  bool ascii = true;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F || c == '/') return false;
    ascii = ascii && byte < 0x80;
  }
  if (ascii) return true;
  if (!is_utf8(text)) return false;
  // U+0080 to U+009F are control characters too; in UTF-8 they are C2 80 to C2 9F.
  for (std::size_t i = 0; i + 1 < text.size(); ++i)
    if (static_cast<unsigned char>(text[i]) == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0) return false;
  return true;
}

std::string printable(std::string_view text, std::size_t max_bytes) {
  const std::string_view shown = text.substr(0, max_bytes);
  const bool utf8 = is_utf8(shown);
  std::string out;
  for (const char c : shown) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !utf8))
      out += fmt::format("\\x{:02x}", byte);
    else
      out += c;
  }
  if (text.size() > max_bytes) out += fmt::format("… ({} bytes)", text.size());
  return out;
}

}  // namespace lifesign::base
