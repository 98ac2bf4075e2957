// Reads what queries answer, for tests: a packed map's field, and the maps of an array in it.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "wire/event.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace lifesign::recorder::test {

inline std::string raw_field(wire::Bytes map, std::string_view key) {
  wire::Reader reader(map);
  std::uint32_t pairs = 0;
  REQUIRE(reader.map(pairs));
  for (std::uint32_t i = 0; i < pairs; ++i) {
    std::string_view name;
    wire::Bytes value;
    REQUIRE(reader.text(name));
    REQUIRE(reader.raw(value));
    if (name == key) return std::string(value);
  }
  return "";
}

inline std::vector<std::string> items(wire::Bytes map, std::string_view key) {
  const std::string array = raw_field(map, key);
  wire::Reader reader(array);
  std::uint32_t n = 0;
  REQUIRE(reader.array(n));
  std::vector<std::string> out;
  for (std::uint32_t i = 0; i < n; ++i) {
    wire::Bytes item;
    REQUIRE(reader.raw(item));
    out.emplace_back(item);
  }
  return out;
}

inline std::uint64_t number(wire::Bytes map, std::string_view key) {
  std::uint64_t value = 0;
  INFO("field " << key);
  REQUIRE(wire::find_u64(map, key, value));
  return value;
}

inline std::string text(wire::Bytes map, std::string_view key) {
  std::string_view value;
  INFO("field " << key);
  REQUIRE(wire::find_text(map, key, value));
  return std::string(value);
}

// A cursor; empty for nil.
inline std::string cursor_of(wire::Bytes map) {
  std::string_view value;
  return wire::find_text(map, "cursor", value) ? std::string(value) : "";
}

}  // namespace lifesign::recorder::test
