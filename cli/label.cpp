#include "cli/label.h"

#include <fmt/format.h>

#include "base/text.h"
#include "wire/limits.h"

namespace lifesign::cli {

base::Result<std::map<std::string, std::string>> parse_labels(const std::vector<std::string>& texts) {
  std::map<std::string, std::string> out;
  for (const auto& text : texts) {
    const auto equals = text.find('=');
    auto fail = [&](std::string_view why) {
      return base::Error{base::Code::invalid_value,
                         fmt::format("the label \"{}\" {}; write it as --label host=db1", base::printable(text), why)};
    };
    if (equals == std::string::npos) return fail("has no =");
    if (equals == 0) return fail("has no key");
    if (equals > wire::limits::short_text_bytes) return fail("has a key of more than 64 bytes");
    if (text.size() - equals - 1 > wire::limits::text_bytes) return fail("has a value of more than 256 bytes");
    if (!out.emplace(text.substr(0, equals), text.substr(equals + 1)).second)
      return fail("has a key that was given before");
  }
  if (out.size() > wire::limits::labels) {
    return base::Error{base::Code::invalid_value,
                       fmt::format("{} labels, at most {} are allowed", out.size(), wire::limits::labels)};
  }
  return out;
}

std::string format_labels(const std::map<std::string, std::string>& labels) {
  std::string out;
  for (const auto& [key, value] : labels) {
    if (!out.empty()) out += ' ';
    out += key + "=" + value;
  }
  return out;
}

}  // namespace lifesign::cli
