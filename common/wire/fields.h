// Checked reading of one field: the sentence of an error names the field and its bound. Private to common/wire.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "wire/reader.h"

namespace lifesign::wire {

inline base::Error wrong_type(std::string_view field, std::string_view wanted, const Reader& reader) {
  return {base::Code::bad_message, fmt::format("{} must be {} (at byte {})", field, wanted, reader.offset())};
}

inline base::Status read_text(Reader& reader, std::string_view field, std::size_t max, std::string_view& out) {
  if (!reader.text(out)) return wrong_type(field, "a string", reader);
  if (out.size() > max)
    return base::Error{base::Code::invalid_value,
                       fmt::format("{} has {} bytes; at most {} are allowed", field, out.size(), max)};
  if (!base::is_utf8(out)) return base::Error{base::Code::invalid_value, fmt::format("{} is not UTF-8", field)};
  return {};
}

inline base::Status read_u64(Reader& reader, std::string_view field, std::uint64_t min, std::uint64_t max,
                             std::uint64_t& out) {
  if (!reader.u64(out)) return wrong_type(field, "an integer that is not negative", reader);
  if (out < min || out > max)
    return base::Error{base::Code::invalid_value,
                       fmt::format("{} is {}; it must be between {} and {}", field, out, min, max)};
  return {};
}

inline base::Status read_agent_id(Reader& reader, std::string_view& out) {
  if (!reader.text(out)) return wrong_type("agent_id", "a string", reader);
  if (!base::is_agent_id(out))
    return base::Error{base::Code::invalid_agent_id,
                       fmt::format("agent_id \"{}\" cannot be used: 1 to 128 bytes of UTF-8 without control characters "
                                   "and without '/' are allowed",
                                   base::printable(out))};
  return {};
}

// Reads a map by handing each key to `field(key)`, which reads the value and returns a Status.
template <class Field>
base::Status read_map(Reader& reader, std::string_view what, Field field) {
  std::uint32_t pairs = 0;
  if (!reader.map(pairs)) return wrong_type(what, "a map", reader);
  for (std::uint32_t i = 0; i < pairs; ++i) {
    std::string_view key;
    if (!reader.text(key)) return wrong_type("a field's name", "a string", reader);
    if (base::Status status = field(key); !status.ok()) return status;
  }
  return {};
}

// For fields that this version does not know.
inline base::Status skip_field(Reader& reader, std::string_view key) {
  if (!reader.skip(limits::field_depth))
    return wrong_type(base::printable(key), fmt::format("MessagePack of at most {} levels", limits::field_depth),
                      reader);
  return {};
}

}  // namespace lifesign::wire
