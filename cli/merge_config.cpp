#include "cli/merge_config.h"

#include <algorithm>
#include <sstream>

namespace lifesign::cli {
namespace {

// Paragraphs, which blank lines part.
std::vector<std::string> paragraphs(const std::string& text) {
  std::vector<std::string> out(1);
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty()) {
      if (!out.back().empty()) out.emplace_back();
    } else {
      out.back() += line + "\n";
    }
  }
  if (out.back().empty()) out.pop_back();
  return out;
}

// "data" of the paragraph that ends in `data = "…"`.
std::string key_of(const std::string& paragraph) {
  const auto start = paragraph.rfind('\n', paragraph.size() - 2);
  const auto line = paragraph.substr(start == std::string::npos ? 0 : start + 1);
  const auto equals = line.find(" = ");
  return line.starts_with('#') || equals == std::string::npos ? std::string() : line.substr(0, equals);
}

}  // namespace

std::string merge_examples(const std::vector<std::string>& examples) {
  std::vector<std::string> shared_keys;
  std::string shared, sections;
  for (const auto& example : examples) {
    bool in_section = false;
    for (const auto& paragraph : paragraphs(example)) {
      in_section = in_section || paragraph.starts_with('[');
      if (in_section) {
        sections += "\n" + paragraph;
        continue;
      }
      const auto key = key_of(paragraph);
      if (key.empty() || std::find(shared_keys.begin(), shared_keys.end(), key) != shared_keys.end()) continue;
      shared_keys.push_back(key);
      shared += "\n" + paragraph;
    }
  }
  return "# Settings of Lifesign with their defaults. Precedence: option, environment variable, this file, default.\n" +
         shared + sections;
}

}  // namespace lifesign::cli
