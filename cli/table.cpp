#include "cli/table.h"

#include <algorithm>
#include <numeric>

#include "base/assert.h"

namespace lifesign::cli {
namespace {

constexpr std::size_t gap = 2;
constexpr std::size_t narrowest = 4;

}  // namespace

void Table::add(std::vector<Cell> row) {
  LIFESIGN_ASSERT(row.size() == columns_.size(), "row of {} cells in a table of {}", row.size(), columns_.size());
  rows_.push_back(std::move(row));
}

std::vector<std::size_t> Table::widths(std::size_t limit) const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = columns_of(columns_[i].title);
    for (const auto& row : rows_) width = std::max(width, columns_of(row[i].text));
    out.push_back(width);
  }
  if (limit == 0) return out;
  const std::size_t gaps = gap * (columns_.size() - 1);
  auto total = [&] { return std::accumulate(out.begin(), out.end(), gaps); };
  while (total() > limit) {
    // The widest column that may be cut gives one column; whole ones only when no other can.
    std::size_t widest = columns_.size();
    for (bool whole : {false, true}) {
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (columns_[i].whole != whole || out[i] <= narrowest) continue;
        if (widest == columns_.size() || out[i] > out[widest]) widest = i;
      }
      if (widest != columns_.size()) break;
    }
    if (widest == columns_.size()) break;
    --out[widest];
  }
  return out;
}

std::string Table::render(const Terminal& terminal) const {
  const auto width = widths(terminal.width);
  std::string out;
  auto add_line = [&](auto&& text_of, auto&& colour_of) {
    std::string line;
    std::size_t pending = 0;  // spaces that are written only if something follows
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const auto text = cut(text_of(i), width[i]);
      const std::size_t padding = width[i] - std::min(width[i], columns_of(text));
      if (columns_[i].right) pending += padding;
      if (!text.empty()) {
        line.append(pending, ' ');
        pending = 0;
        line += terminal.paint(colour_of(i), text);
      }
      if (!columns_[i].right) pending += padding;
      pending += gap;
    }
    out += line + "\n";
  };
  add_line([&](std::size_t i) { return columns_[i].title; }, [](std::size_t) { return Colour::bold; });
  for (const auto& row : rows_) {
    add_line([&](std::size_t i) { return row[i].text; }, [&](std::size_t i) { return row[i].colour; });
  }
  return out;
}

}  // namespace lifesign::cli
