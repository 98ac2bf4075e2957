// Settings, each declared once: name, default, unit, bounds and help text. From that one declaration come the flag,
// the environment variable, the TOML key, --help, the example file, and the check.
//
//   name "broker.ring"  ->  --ring   LIFESIGN_BROKER_RING   [broker] ring = "256MiB"
//   name "data"         ->  --data   LIFESIGN_DATA          data = "/var/lib/lifesign"
//
// Order of precedence: flag, environment, file (--config FILE or LIFESIGN_CONFIG), default.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"

namespace lifesign::config {

class Settings {
 public:
  Settings(std::string program, std::string summary);
  ~Settings();

  // Each declares one setting; what `value` holds now is the default, and load() writes to it. `value` must outlive
  // this object. A flag without a dot-separated section is the name itself; underscores become dashes.
  void text(std::string_view name, std::string& value, std::string_view help);
  void flag(std::string_view name, bool& value, std::string_view help);
  void number(std::string_view name, std::uint64_t& value, std::uint64_t min, std::uint64_t max, std::string_view unit,
              std::string_view help);
  void duration(std::string_view name, base::Micros& value, base::Micros min, base::Micros max, std::string_view help);
  void size(std::string_view name, std::uint64_t& value, std::uint64_t min, std::uint64_t max, std::string_view help);

  enum class Next { run, stop };  // stop: --help, --version, --print-config or --check-config has been answered
  // Errors name the setting, where its value came from (flag, variable, file and line), the bound and an example.
  // Unknown keys in the program's own section of the file are errors; other programs' sections are left alone.
  base::Result<Next> load(int argc, const char* const* argv);

  std::string example_toml() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lifesign::config
