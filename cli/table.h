// A table that fits the terminal: columns are as wide as their widest cell, and when that is too much the widest
// ones that may be cut give way. Where that is not enough the last columns are left out.
#pragma once

#include <string>
#include <vector>

#include "cli/terminal.h"

namespace lifesign::cli {

struct Cell {
  std::string text;  // already safe()
  Colour colour = Colour::none;
  Cell(std::string t, Colour c = Colour::none) : text(std::move(t)), colour(c) {}  // NOLINT: rows are written as lists
  Cell(const char* t) : text(t) {}                                                 // NOLINT
};

class Table {
 public:
  struct Column {
    std::string title;
    bool right = false;  // numbers: shown or left out, since a number that is cut reads as another one
    bool whole = false;  // never cut: an id that cannot be typed again is of no use
  };

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<Cell> row);  // as many cells as there are columns
  bool empty() const { return rows_.empty(); }
  std::string render(const Terminal& terminal) const;

 private:
  std::vector<std::size_t> widths(std::size_t limit) const;
  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace lifesign::cli
