#include "config/declaration.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace lifesign::config {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

// Help text as comment lines that an 80-column terminal shows whole.
void add_comment(std::string& out, std::string_view text) {
  constexpr std::size_t width = 96;
  std::string line = "#";
  while (!text.empty()) {
    auto space = text.find(' ');
    auto word = text.substr(0, space);
    if (line.size() + 1 + word.size() > width && line.size() > 1) {
      out += line + "\n";
      line = "#";
    }
    line += ' ';
    line += word;
    text = space == std::string_view::npos ? std::string_view() : text.substr(space + 1);
  }
  out += line + "\n";
}

void add_setting(std::string& out, const Declaration& declaration) {
  out += "\n";
  add_comment(out, declaration.help);
  if (auto limits = declaration.limits(); !limits.empty()) add_comment(out, limits);
  add_comment(out, declaration.option() + ", " + declaration.variable());
  out += declaration.example() + "\n";
}

}  // namespace

std::string Declaration::section() const {
  auto dot = name.find('.');
  return dot == std::string::npos ? std::string() : name.substr(0, dot);
}

std::string Declaration::key() const {
  return name.substr(name.find('.') + 1);
}

std::string Declaration::option() const {
  auto text = "--" + key();
  std::replace(text.begin(), text.end(), '_', '-');
  return text;
}

std::string Declaration::variable() const {
  auto text = "LIFESIGN_" + name;
  for (char& c : text) {
    if (c == '.' || c == '-') c = '_';
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return text;
}

std::string Declaration::toml_value() const {
  return kind == Kind::flag || kind == Kind::number ? default_text : quoted(default_text);
}

std::string Declaration::example() const {
  return key() + " = " + toml_value();
}

std::string Declaration::limits() const {
  if (unit.empty()) return bounds;
  return bounds.empty() ? unit : unit + ", " + bounds;
}

std::string example_toml(std::string_view program, const std::vector<Declaration>& declarations) {
  std::string out = fmt::format("# Settings of {} with their defaults.\n", program);
  std::vector<std::string> sections;
  for (const auto& d : declarations) {
    if (std::find(sections.begin(), sections.end(), d.section()) == sections.end()) sections.push_back(d.section());
  }
  std::stable_partition(sections.begin(), sections.end(), [](const std::string& s) { return s.empty(); });
  for (const auto& section : sections) {
    if (!section.empty()) out += fmt::format("\n[{}]\n", section);
    for (const auto& d : declarations) {
      if (d.section() == section) add_setting(out, d);
    }
  }
  return out;
}

std::size_t letters_apart(std::string_view a, std::string_view b, std::size_t limit) {
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) >= limit) return limit;
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t above = row[j];
      row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)});
      diagonal = above;
    }
  }
  return std::min(row.back(), limit);
}

}  // namespace lifesign::config
