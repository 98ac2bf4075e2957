// What the terminal can show: colours, its width, and how wide a text is on it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace lifesign::cli {

enum class Colour { none, bold, dim, red, green, yellow, blue, cyan };

struct Terminal {
  bool colour = false;
  std::size_t width = 0;  // 0: not a terminal, so nothing needs to be cut

  std::string paint(Colour colour, std::string_view text) const;
};

// Asks the system what `fd` is. NO_COLOR and TERM=dumb turn colours off, COLUMNS overrides the width.
Terminal terminal_of(int fd);

// Columns that the text takes: combining marks none, East Asian wide characters and emoji two.
std::size_t columns_of(std::string_view text);
// At most `columns` wide, the last one "…" where something was cut.
std::string cut(std::string_view text, std::size_t columns);
// Lines of at most `columns` (1 or more), broken at spaces where there are any, else inside a word. Nothing is lost but
// the space at each break.
std::vector<std::string> wrap(std::string_view text, std::size_t columns);

// Text that an agent chose, made fit for a terminal.
std::string safe(std::string_view text);

}  // namespace lifesign::cli
