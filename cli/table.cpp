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
  auto total = [&] {
    const auto shown = static_cast<std::size_t>(std::count_if(out.begin(), out.end(), [](auto w) { return w > 0; }));
    return std::accumulate(out.begin(), out.end(), gap * (shown - 1));
  };
  const auto may_be_cut = [&](std::size_t i) { return !columns_[i].whole && !columns_[i].right; };
  // The last column that may be left out goes until the rest fits, at its narrowest.
  const auto overflow = [&] {
    std::size_t spare = 0;
    for (std::size_t i = 0; i < columns_.size(); ++i)
      if (may_be_cut(i)) spare += out[i] - std::min(out[i], narrowest);
    return total() > limit + spare;
  };
  for (std::size_t i = columns_.size(); i-- > 1 && overflow();)
    if (!columns_[i].whole) out[i] = 0;
  // The widest that may be cut gives one column at a time; whole ones are cut last.
  const auto widest = [&](bool whole) {
    std::size_t found = columns_.size();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if ((whole ? !columns_[i].whole : !may_be_cut(i)) || out[i] <= narrowest) continue;
      if (found == columns_.size() || out[i] > out[found]) found = i;
    }
    return found;
  };
  while (total() > limit) {
    std::size_t i = widest(false);
    if (i == columns_.size()) i = widest(true);
    if (i == columns_.size()) break;
    --out[i];
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
      if (width[i] == 0) continue;
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
