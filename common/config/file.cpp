#include "config/file.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <sstream>

namespace lifesign::config {
namespace {

FileValue value_of(const toml::node& node, const std::string& path) {
  FileValue out;
  out.place = fmt::format("{}:{}", path, node.source().begin.line);
  if (auto text = node.as_string()) {
    out.text = text->get();
    out.is_string = true;
  } else if (auto number = node.as_integer()) {
    out.text = fmt::format("{}", number->get());
  } else if (auto truth = node.as_boolean()) {
    out.text = truth->get() ? "true" : "false";
  } else if (auto real = node.as_floating_point()) {
    out.text = fmt::format("{}", real->get());
  } else {
    out.is_simple = false;
  }
  return out;
}

File flatten(const toml::table& root, const std::string& path) {
  File file;
  for (const auto& [key, node] : root) {
    const std::string name(key.str());
    const auto* table = node.as_table();
    if (table == nullptr) {
      file.values[name] = value_of(node, path);
      continue;
    }
    file.sections[name] = fmt::format("{}:{}", path, table->source().begin.line);
    for (const auto& [inner_key, inner] : *table) {
      file.values[name + "." + std::string(inner_key.str())] = value_of(inner, path);
    }
  }
  return file;
}

// The known name that `name` was probably meant to be; empty if none is near.
std::string nearest(std::string_view name, const std::vector<std::string>& known) {
  constexpr std::size_t near = 3;  // up to two letters wrong
  std::string best;
  std::size_t best_apart = near;
  for (const auto& candidate : known) {
    auto apart = letters_apart(name, candidate, near);
    if (apart < best_apart && apart * 2 < candidate.size()) {
      best_apart = apart;
      best = candidate;
    }
  }
  return best;
}

// What stands at the top of the file is shared by all processes, and all of it is known, though not each declares it.
bool is_shared(std::string_view name) {
  return name == "data" || name == "log_level" || name == "log_format" || name == "port";
}

std::string section_of(const std::string& name) {
  auto dot = name.find('.');
  return dot == std::string::npos ? std::string() : name.substr(0, dot);
}

}  // namespace

base::Result<File> read_file(const std::string& path) {
  try {
    return flatten(toml::parse_file(path), path);
  } catch (const toml::parse_error& e) {
    auto line = e.source().begin.line;
    if (line == 0) {
      return base::Error{base::Code::invalid_config,
                         fmt::format("the configuration file {} cannot be read: {}", path, e.description())};
    }
    return base::Error{base::Code::invalid_config,
                       fmt::format("{}:{}: not valid TOML: {}", path, line, e.description())};
  } catch (const std::exception& e) {
    return base::Error{base::Code::invalid_config, fmt::format("{}: {}", path, e.what())};
  }
}

base::Status check_unknown(const File& file, std::string_view own_section,
                           const std::vector<Declaration>& declarations) {
  std::vector<std::string> names, sections{std::string(own_section)};
  for (const auto& d : declarations) {
    names.push_back(d.name);
    if (!d.section().empty()) sections.push_back(d.section());
  }
  auto declared = [&](const std::vector<std::string>& list, const std::string& name) {
    return std::find(list.begin(), list.end(), name) != list.end();
  };
  for (const auto& [section, place] : file.sections) {
    if (declared(sections, section)) continue;
    if (auto meant = nearest(section, sections); !meant.empty()) {
      return base::Error{base::Code::invalid_config,
                         fmt::format("{}: unknown section [{}]; did you mean [{}]?", place, section, meant)};
    }
  }
  for (const auto& [name, value] : file.values) {
    if (declared(names, name)) continue;
    auto meant = nearest(name, names);
    if (!meant.empty()) {
      return base::Error{base::Code::invalid_config,
                         fmt::format("{}: unknown setting `{}`; did you mean `{}`?", value.place, name, meant)};
    }
    const std::string section = section_of(name);
    if (section.empty() ? !is_shared(name) : section == own_section) {
      return base::Error{
          base::Code::invalid_config,
          fmt::format("{}: unknown setting `{}`; --print-config lists the settings that there are", value.place, name)};
    }
  }
  return {};
}

}  // namespace lifesign::config
