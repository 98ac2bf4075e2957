// Value: a read-only view of MessagePack data that keeps its bytes alive. Answers and events come as values, so that
// fields which a newer service adds reach you without a new library.
//
//   Value agent = *query.agent("web-1");
//   agent["status"].text_or("")            // "active"
//   for (auto& [key, value] : agent["labels"].pairs()) ...
//
// What is not there reads as an absent value, never as an error. Copies share the bytes. Look-ups walk the map.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "lifesign/result.h"

namespace lifesign {

class Value {
 public:
  enum class Type { absent, nil, boolean, integer, real, text, binary, array, map, extension };

  Value() = default;  // absent
  // Takes exactly one well-formed MessagePack value; anything else is bad_message.
  static Result<Value> parse(std::string packed);

  Type type() const;
  bool exists() const { return !bytes_.empty(); }
  explicit operator bool() const { return exists(); }

  // Empty when it is of another type, absent, or does not fit.
  std::optional<bool> boolean() const;
  std::optional<std::uint64_t> u64() const;
  std::optional<std::int64_t> i64() const;
  std::optional<double> number() const;  // integers too
  std::optional<std::string_view> text() const;
  std::optional<std::string_view> binary() const;

  bool boolean_or(bool otherwise) const { return boolean().value_or(otherwise); }
  std::uint64_t u64_or(std::uint64_t otherwise) const { return u64().value_or(otherwise); }
  std::int64_t i64_or(std::int64_t otherwise) const { return i64().value_or(otherwise); }
  double number_or(double otherwise) const { return number().value_or(otherwise); }
  std::string text_or(std::string_view otherwise) const { return std::string(text().value_or(otherwise)); }

  std::size_t size() const;                                  // elements of an array, pairs of a map, else 0
  Value operator[](std::string_view key) const;              // of a map
  std::vector<Value> items() const;                          // of an array
  std::vector<std::pair<std::string, Value>> pairs() const;  // of a map, in order; a key that is no text as its JSON
  std::string_view packed() const { return bytes_; }         // its own bytes

 private:
  Value(std::shared_ptr<const std::string> owner, std::string_view bytes) : owner_(std::move(owner)), bytes_(bytes) {}
  std::shared_ptr<const std::string> owner_;
  std::string_view bytes_;
};

// One line of JSON, field names as on the wire. Absent and nil are null; binary is base64; numbers that JSON lacks
// (NaN, infinities) are null; text that is not UTF-8 has U+FFFD in place of the broken bytes.
std::string to_json(const Value& value);
// The text as a JSON string with its quotes.
std::string json_text(std::string_view text);

// A flat map, packed: for metadata.
using Scalar = std::variant<bool, std::int64_t, std::uint64_t, double, std::string>;
std::string pack_map(const std::map<std::string, Scalar>& map);

}  // namespace lifesign
