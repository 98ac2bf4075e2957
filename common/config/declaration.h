// One declared setting: how it is named in each place, what it accepts, and how text becomes its value.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace lifesign::config {

struct Declaration {
  enum class Kind { text, flag, number, duration, size };

  std::string name;  // "broker.ring", or "data" for a setting that all processes share
  Kind kind;
  std::string default_text;  // as a person would write it
  std::string bounds;        // "1MiB to 64GiB"; empty: any
  std::string unit;          // "messages"; empty: none, or part of the value
  std::string help;
  // Parses, checks the bounds and stores. The error is a sentence's end: "must be between 1 and 9".
  std::function<base::Status(std::string_view)> store;

  std::string section() const;     // "broker", or "" where there is none
  std::string key() const;         // "ring"
  std::string option() const;      // "--ring"
  std::string variable() const;    // "LIFESIGN_BROKER_RING"
  std::string toml_value() const;  // the default as TOML: quoted where TOML wants it
  std::string example() const;     // `ring = "256MiB"`
  std::string limits() const;      // "messages, 1 to 1000"; empty if there is nothing to say
};

// Top-level settings first, then one table for each section, in the order of declaration.
std::string example_toml(std::string_view program, const std::vector<Declaration>& declarations);

// How many letters apart, for "did you mean". Stops counting at `limit`.
std::size_t letters_apart(std::string_view a, std::string_view b, std::size_t limit);

}  // namespace lifesign::config
