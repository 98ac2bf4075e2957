#include "cli/options.h"

#include <fmt/format.h>
#include <lifesign/value.h>

#include <charconv>

#include "base/text.h"
#include "cli/label.h"

namespace lifesign::cli {
namespace {

Scalar scalar_of(const std::string& text) {
  if (text == "true") return true;
  if (text == "false") return false;
  const char* end = text.data() + text.size();
  std::int64_t whole = 0;
  if (auto [at, error] = std::from_chars(text.data(), end, whole); error == std::errc() && at == end) return whole;
  double real = 0;
  if (auto [at, error] = std::from_chars(text.data(), end, real); error == std::errc() && at == end) return real;
  return text;
}

std::optional<Millis> millis(const std::optional<base::Micros>& duration) {
  if (!duration) return std::nullopt;
  return std::chrono::ceil<Millis>(*duration);
}

}  // namespace

CLI::Validator not_negative() {
  return CLI::Validator(
      [](const std::string& text) { return text.find('-') != text.npos ? text + " must be 0 or more" : std::string(); },
      "");
}

CLI::Option* add_duration(CLI::App& app, const std::string& name, std::optional<base::Micros>& value,
                          const std::string& help) {
  auto parse = [&value, name](const std::string& text) {
    auto parsed = base::parse_duration(text);
    if (!parsed) throw CLI::ValidationError(name, parsed.error().message);
    value = *parsed;
  };
  return app.add_option_function<std::string>(name, parse, help)->type_name("DURATION");
}

void RegistrationOptions::add(CLI::App& app) {
  app.add_option("--name", name, "A name for people");
  app.add_option("--type", type, "What sort of agent it is");
  app.add_option("--capability", capabilities, "What it can do; repeatable");
  app.add_option("--label", labels, "key=value, such as host=db1; repeatable");
  app.add_option("--metadata", metadata, "key=value, anything; repeatable");
  add_duration(app, "--interval", interval, "How often it promises to beat (default 30s)");
  add_duration(app, "--grace", grace, "How late a beat may be (default a quarter of the interval)");
  add_duration(app, "--stall-after", stall_after,
               "Report it stalled when its progress stands still longer (default never)");
  app.add_option("--missed-limit", missed_limit, "How many beats may be missed before it is offline (default 2)")
      ->check(not_negative())
      ->check(CLI::Range(1, 100));
  app.add_option("--schedule", schedule, "Five-field cron in place of an interval, such as \"0 3 * * *\"");
  app.add_option("--time-zone", time_zone, "IANA name for the schedule (default UTC)");
}

base::Result<Registration> RegistrationOptions::make() const {
  Registration out;
  auto given = [](const std::string& text) { return text.empty() ? std::nullopt : std::optional(text); };
  out.name = given(name);
  out.type = given(type);
  out.schedule = given(schedule);
  out.time_zone = given(time_zone);
  if (!capabilities.empty()) out.capabilities = capabilities;
  if (!labels.empty()) {
    auto parsed = parse_labels(labels);
    if (!parsed) return parsed.error();
    out.labels = *parsed;
  }
  if (!metadata.empty()) {
    auto packed = parse_metadata(metadata);
    if (!packed) return packed.error();
    out.metadata = *packed;
  }
  out.interval = millis(interval);
  out.grace = millis(grace);
  out.stall_after = millis(stall_after);
  out.missed_limit = missed_limit;
  return out;
}

base::Result<std::string> parse_metadata(const std::vector<std::string>& texts) {
  std::map<std::string, Scalar> map;
  for (const auto& text : texts) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return base::Error{
          base::Code::invalid_value,
          fmt::format("the metadata \"{}\" is not key=value, such as version=1.4", base::printable(text))};
    }
    map[text.substr(0, equals)] = scalar_of(text.substr(equals + 1));
  }
  return pack_map(map);
}

}  // namespace lifesign::cli
