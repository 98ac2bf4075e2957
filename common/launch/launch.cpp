#include "launch/launch.h"

#include <fmt/format.h>

#include <cstdio>

namespace lifesign::launch {

void CommonSettings::declare(config::Settings& settings) {
  settings.text("data", data, config::data_help);
  settings.text("log_level", log_level, "What is logged: trace, debug, info, warn, error or off.");
  settings.text("log_format", log_format, "text for people, json for machines (one object a line).");
}

int say(std::string_view process, ExitCode code, const base::Error& error) {
  fmt::print(stderr, "lifesign-{}: {}\n", process, error.message);
  return code;
}

}  // namespace lifesign::launch
