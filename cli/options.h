// Options that several subcommands have, and values that CLI11 does not know.
#pragma once

#include <lifesign/types.h>

#include <CLI/App.hpp>
#include <CLI/Validators.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"

namespace lifesign::cli {

// "300ms", "10s", "2m". A wrong one is a usage error.
CLI::Option* add_duration(CLI::App& app, const std::string& name, std::optional<base::Micros>& value,
                          const std::string& help);

// CLI11 reads "-3" into an unsigned number as 2^64-3; this refuses it.
CLI::Validator not_negative();

// What is said of an agent besides its beats, as options.
struct RegistrationOptions {
  std::string name, type, schedule, time_zone;
  std::vector<std::string> capabilities, labels, metadata;
  std::optional<base::Micros> interval, grace, stall_after;
  std::optional<std::uint32_t> missed_limit;

  void add(CLI::App& app);
  base::Result<Registration> make() const;
};

// Metadata from key=value: true, false and numbers keep their type, the rest is text. Packed.
base::Result<std::string> parse_metadata(const std::vector<std::string>& texts);

}  // namespace lifesign::cli
