#include "config/settings.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <vector>

#include "base/text.h"
#include "config/declaration.h"
#include "config/file.h"
#include "config/version.h"

namespace lifesign::config {
namespace {

using Kind = Declaration::Kind;

base::Error invalid(std::string message) {
  return {base::Code::invalid_config, std::move(message)};
}

base::Result<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return invalid("must be a whole number");
  return value;
}

// A raw value and where it came from, for messages.
struct Given {
  std::string text;
  std::string source;
};

// What a file may hold for a kind: TOML has types of its own, and 30 is not a duration.
base::Status check_type(const Declaration& d, const FileValue& value) {
  const bool needs_string = d.kind == Kind::text || d.kind == Kind::duration;
  const bool wrong = !value.is_simple || (needs_string && !value.is_string) ||
                     (value.is_string && (d.kind == Kind::number || d.kind == Kind::flag));
  if (!wrong) return {};
  return invalid(fmt::format("{}: `{}` is of the wrong type; for example: {}", value.place, d.name, d.example()));
}

}  // namespace

struct Settings::Impl {
  std::string program;
  std::string summary;
  std::vector<Declaration> declarations;

  std::string own_section() const {
    constexpr std::string_view prefix = "lifesign-";
    return program.starts_with(prefix) ? program.substr(prefix.size()) : program;
  }

  void declare(Declaration d) {
    for (const auto& other : declarations) {
      LIFESIGN_ASSERT(other.option() != d.option(), "two settings, {} and {}, have one flag", other.name, d.name);
    }
    declarations.push_back(std::move(d));
  }

  base::Status store(const Declaration& d, const Given& given) const {
    auto stored = d.store(given.text);
    if (stored) return {};
    return invalid(fmt::format("{}: `{}` is \"{}\" but {}; for example: {}", given.source, d.name,
                               base::printable(given.text), stored.error().message, d.example()));
  }
};

Settings::Settings(std::string program, std::string summary)
    : impl_(std::make_unique<Impl>(Impl{std::move(program), std::move(summary), {}})) {}
Settings::~Settings() = default;

void Settings::text(std::string_view name, std::string& value, std::string_view help) {
  impl_->declare({std::string(name), Kind::text, value, "", "", std::string(help), [&value](std::string_view text) {
                    value = text;
                    return base::Status();
                  }});
}

void Settings::flag(std::string_view name, bool& value, std::string_view help) {
  impl_->declare({std::string(name), Kind::flag, value ? "true" : "false", "", "", std::string(help),
                  [&value](std::string_view text) -> base::Status {
                    const bool yes = text == "true" || text == "1" || text == "yes" || text == "on";
                    const bool no = text == "false" || text == "0" || text == "no" || text == "off";
                    if (!yes && !no) return invalid("must be true or false");
                    value = yes;
                    return {};
                  }});
}

void Settings::number(std::string_view name, std::uint64_t& value, std::uint64_t min, std::uint64_t max,
                      std::string_view unit, std::string_view help) {
  LIFESIGN_ASSERT(min <= value && value <= max, "default of {} is out of its bounds", name);
  auto bounds = fmt::format("{} to {}", min, max);
  impl_->declare({std::string(name), Kind::number, fmt::format("{}", value), bounds, std::string(unit),
                  std::string(help), [&value, min, max, bounds](std::string_view text) -> base::Status {
                    auto parsed = parse_number(text);
                    if (!parsed) return parsed.error();
                    if (*parsed < min || *parsed > max) return invalid("must be " + bounds);
                    value = *parsed;
                    return {};
                  }});
}

void Settings::duration(std::string_view name, base::Micros& value, base::Micros min, base::Micros max,
                        std::string_view help) {
  LIFESIGN_ASSERT(min <= value && value <= max, "default of {} is out of its bounds", name);
  auto bounds = fmt::format("{} to {}", base::format_duration(min), base::format_duration(max));
  impl_->declare({std::string(name), Kind::duration, base::format_duration(value), bounds, "", std::string(help),
                  [&value, min, max, bounds](std::string_view text) -> base::Status {
                    auto parsed = base::parse_duration(text);
                    if (!parsed) return parsed.error();
                    if (*parsed < min || *parsed > max) return invalid("must be " + bounds);
                    value = *parsed;
                    return {};
                  }});
}

void Settings::size(std::string_view name, std::uint64_t& value, std::uint64_t min, std::uint64_t max,
                    std::string_view help) {
  LIFESIGN_ASSERT(min <= value && value <= max, "default of {} is out of its bounds", name);
  auto bounds = fmt::format("{} to {}", base::format_size(min), base::format_size(max));
  impl_->declare({std::string(name), Kind::size, base::format_size(value), bounds, "", std::string(help),
                  [&value, min, max, bounds](std::string_view text) -> base::Status {
                    auto parsed = base::parse_size(text);
                    if (!parsed) return parsed.error();
                    if (*parsed < min || *parsed > max) return invalid("must be " + bounds);
                    value = *parsed;
                    return {};
                  }});
}

base::Result<Settings::Next> Settings::load(int argc, const char* const* argv) {
  CLI::App app(impl_->summary, impl_->program);
  bool print_config = false, check_config = false;
  std::string config_path;
  auto* config = app.add_option("--config", config_path, "TOML file with settings (or LIFESIGN_CONFIG)");
  app.add_flag("--print-config", print_config, "Print an example file with every setting and stop");
  app.add_flag("--check-config", check_config, "Check the settings and stop");
  app.set_version_flag("--version", fmt::format("{} {}", impl_->program, version));

  std::deque<std::string> raw(impl_->declarations.size());
  std::vector<CLI::Option*> options;
  for (std::size_t i = 0; i < impl_->declarations.size(); ++i) {
    const auto& d = impl_->declarations[i];
    auto about = d.help + fmt::format(" [default {}", d.default_text.empty() ? "none" : d.default_text);
    if (auto limits = d.limits(); !limits.empty()) about += "; " + limits;
    about += "; " + d.variable() + "]";
    if (d.kind == Kind::flag) {
      auto negated = "!--no-" + d.option().substr(2);
      options.push_back(app.add_flag(d.option() + "{true}," + negated, raw[i], about));
    } else {
      options.push_back(app.add_option(d.option(), raw[i], about)->type_name(""));
    }
    options.back()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    std::fputs(app.help().c_str(), stdout);
    return Next::stop;
  } catch (const CLI::CallForVersion& e) {
    fmt::print("{}\n", e.what());
    return Next::stop;
  } catch (const CLI::Error& e) {
    return invalid(fmt::format("{} (try {} --help)", e.what(), impl_->program));
  }
  if (print_config) {
    std::fputs(example_toml().c_str(), stdout);
    return Next::stop;
  }

  if (const char* variable = std::getenv("LIFESIGN_CONFIG"); config->count() == 0 && variable != nullptr) {
    config_path = variable;
  }
  File file;
  if (!config_path.empty()) {
    auto read = read_file(config_path);
    if (!read) return read.error();
    file = std::move(*read);
    if (auto known = check_unknown(file, impl_->own_section(), impl_->declarations); !known) return known.error();
  }

  for (std::size_t i = 0; i < impl_->declarations.size(); ++i) {
    const auto& d = impl_->declarations[i];
    // All sources are checked, even those that a stronger one hides: a broken file should not wait for its day.
    if (auto found = file.values.find(d.name); found != file.values.end()) {
      if (auto typed = check_type(d, found->second); !typed) return typed.error();
      if (auto stored = impl_->store(d, {found->second.text, found->second.place}); !stored) return stored.error();
    }
    if (const char* variable = std::getenv(d.variable().c_str()); variable != nullptr) {
      if (auto stored = impl_->store(d, {variable, "environment variable " + d.variable()}); !stored) {
        return stored.error();
      }
    }
    if (options[i]->count() > 0) {
      if (auto stored = impl_->store(d, {raw[i], "option " + d.option()}); !stored) return stored.error();
    }
  }
  if (check_config) {
    fmt::print("{}: the settings are valid\n", config_path.empty() ? impl_->program : config_path);
    return Next::stop;
  }
  return Next::run;
}

std::string Settings::example_toml() const {
  return config::example_toml(impl_->program, impl_->declarations);
}

}  // namespace lifesign::config
