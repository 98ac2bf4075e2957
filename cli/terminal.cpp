#include "cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "base/text.h"

namespace lifesign::cli {
namespace {

// One code point and its length; broken bytes count as one column each.
struct Decoded {
  std::uint32_t point;
  std::size_t length;
};

Decoded decode(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (lead < 0x80 || (lead & 0xc0) == 0x80 || text.size() < length) return {lead, 1};
  std::uint32_t point = lead & (0xffu >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) point = (point << 6) | (static_cast<unsigned char>(text[i]) & 0x3f);
  return {point, length};
}

struct Range {
  std::uint32_t first, last;
};

// The ranges that matter in practice, from Unicode's EastAsianWidth (W and F) and general category Mn.
constexpr Range wide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x23e9, 0x23ec},   {0x2614, 0x2615},   {0x26a1, 0x26a1},  {0x2705, 0x2705},
    {0x274c, 0x274c},   {0x2757, 0x2757},   {0x2e80, 0x303e},   {0x3041, 0x33ff},   {0x3400, 0x4dbf},  {0x4e00, 0x9fff},
    {0xa000, 0xa4cf},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},  {0xffe0, 0xffe6},
    {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x1fa70, 0x1faff}, {0x20000, 0x3fffd}};
constexpr Range zero[] = {{0x0300, 0x036f}, {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x064b, 0x065f},
                          {0x200b, 0x200f}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f}};

template <std::size_t n>
bool in(const Range (&ranges)[n], std::uint32_t point) {
  return std::any_of(std::begin(ranges), std::end(ranges),
                     [point](const Range& r) { return point >= r.first && point <= r.last; });
}

std::size_t columns_of_point(std::uint32_t point) {
  return in(zero, point) ? 0 : in(wide, point) ? 2 : 1;
}

const char* escape_of(Colour colour) {
  switch (colour) {
    case Colour::bold:
      return "\x1b[1m";
    case Colour::dim:
      return "\x1b[2m";
    case Colour::red:
      return "\x1b[31m";
    case Colour::green:
      return "\x1b[32m";
    case Colour::yellow:
      return "\x1b[33m";
    case Colour::blue:
      return "\x1b[34m";
    case Colour::cyan:
      return "\x1b[36m";
    case Colour::none:
      break;
  }
  return "";
}

}  // namespace

std::string Terminal::paint(Colour wanted, std::string_view text) const {
  if (!colour || wanted == Colour::none || text.empty()) return std::string(text);
  return escape_of(wanted) + std::string(text) + "\x1b[0m";
}

Terminal terminal_of(int fd) {
  Terminal out;
  if (::isatty(fd) != 1) return out;
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  out.colour = (no_color == nullptr || *no_color == '\0') && term != nullptr && std::string_view(term) != "dumb";
  out.width = 80;
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) out.width = size.ws_col;
  if (const char* columns = std::getenv("COLUMNS")) {
    const long asked = std::strtol(columns, nullptr, 10);
    if (asked >= 20 && asked <= 1000) out.width = static_cast<std::size_t>(asked);
  }
  return out;
}

std::size_t columns_of(std::string_view text) {
  std::size_t columns = 0;
  while (!text.empty()) {
    const auto [point, length] = decode(text);
    columns += columns_of_point(point);
    text.remove_prefix(length);
  }
  return columns;
}

std::string cut(std::string_view text, std::size_t columns) {
  if (columns_of(text) <= columns) return std::string(text);
  if (columns == 0) return "";
  std::string out;
  std::size_t used = 0;
  while (!text.empty()) {
    const auto [point, length] = decode(text);
    if (used + columns_of_point(point) > columns - 1) break;
    used += columns_of_point(point);
    out += text.substr(0, length);
    text.remove_prefix(length);
  }
  return out + "…";
}

std::vector<std::string> wrap(std::string_view text, std::size_t columns) {
  std::vector<std::string> out;
  while (columns_of(text) > columns) {
    std::size_t used = 0, at = 0, space = 0;
    while (true) {
      const auto [point, length] = decode(text.substr(at));
      if (point == ' ' && at > 0) space = at;
      used += columns_of_point(point);
      if (used > columns && at > 0) break;  // a character that is wider than a line stands alone in one
      at += length;
      if (at == text.size()) break;
    }
    out.emplace_back(text.substr(0, space > 0 ? space : at));
    text.remove_prefix(space > 0 ? space + 1 : at);
  }
  if (!text.empty()) out.emplace_back(text);
  return out;
}

std::string safe(std::string_view text) {
  constexpr std::size_t most = 512;  // more than any text field of the protocol
  return base::printable(text, most);
}

}  // namespace lifesign::cli
