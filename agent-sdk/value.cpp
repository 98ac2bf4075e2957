#include "lifesign/value.h"

#include <cmath>

#include "wire/reader.h"
#include "wire/writer.h"

namespace lifesign {
namespace {

wire::Reader reader_of(std::string_view bytes) {
  return wire::Reader(bytes);
}

}  // namespace

Result<Value> Value::parse(std::string packed) {
  wire::Reader reader(packed);
  if (!reader.skip() || !reader.at_end())
    return Error{Code::bad_message, "not one well-formed MessagePack value of at most 16 levels (stopped at byte " +
                                        std::to_string(reader.offset()) + " of " + std::to_string(packed.size()) + ")"};
  auto owner = std::make_shared<const std::string>(std::move(packed));
  const std::string_view bytes = *owner;
  return Value(std::move(owner), bytes);
}

Value::Type Value::type() const {
  if (bytes_.empty()) return Type::absent;
  switch (reader_of(bytes_).peek()) {
    case wire::Type::nil:
      return Type::nil;
    case wire::Type::boolean:
      return Type::boolean;
    case wire::Type::integer:
      return Type::integer;
    case wire::Type::real:
      return Type::real;
    case wire::Type::text:
      return Type::text;
    case wire::Type::binary:
      return Type::binary;
    case wire::Type::array:
      return Type::array;
    case wire::Type::map:
      return Type::map;
    case wire::Type::extension:
      return Type::extension;
    case wire::Type::none:
      break;
  }
  return Type::absent;
}

std::optional<bool> Value::boolean() const {
  bool out = false;
  if (!reader_of(bytes_).boolean(out)) return std::nullopt;
  return out;
}

std::optional<std::uint64_t> Value::u64() const {
  std::uint64_t out = 0;
  if (!reader_of(bytes_).u64(out)) return std::nullopt;
  return out;
}

std::optional<std::int64_t> Value::i64() const {
  std::int64_t out = 0;
  if (!reader_of(bytes_).i64(out)) return std::nullopt;
  return out;
}

std::optional<double> Value::number() const {
  double out = 0;
  if (!reader_of(bytes_).number(out)) return std::nullopt;
  return out;
}

std::optional<std::string_view> Value::text() const {
  std::string_view out;
  if (!reader_of(bytes_).text(out)) return std::nullopt;
  return out;
}

std::optional<std::string_view> Value::binary() const {
  std::string_view out;
  if (!reader_of(bytes_).binary(out)) return std::nullopt;
  return out;
}

std::size_t Value::size() const {
  std::uint32_t n = 0;
  wire::Reader reader(bytes_);
  switch (type()) {
    case Type::array:
      reader.array(n);
      break;
    case Type::map:
      reader.map(n);
      break;
    default:
      break;
  }
  return n;
}

Value Value::operator[](std::string_view key) const {
  wire::Reader reader(bytes_);
  std::uint32_t pairs = 0;
  if (type() != Type::map || !reader.map(pairs)) return {};
  for (std::uint32_t i = 0; i < pairs; ++i) {
    std::string_view name, value;
    const bool is_text = reader.peek() == wire::Type::text;
    if (!(is_text ? reader.text(name) : reader.skip()) || !reader.raw(value)) return {};
    if (is_text && name == key) return Value(owner_, value);
  }
  return {};
}

std::vector<Value> Value::items() const {
  std::vector<Value> out;
  wire::Reader reader(bytes_);
  std::uint32_t n = 0;
  if (type() != Type::array || !reader.array(n)) return out;
  out.reserve(n);
  std::string_view item;
  for (std::uint32_t i = 0; i < n && reader.raw(item); ++i) out.push_back(Value(owner_, item));
  return out;
}

std::vector<std::pair<std::string, Value>> Value::pairs() const {
  std::vector<std::pair<std::string, Value>> out;
  wire::Reader reader(bytes_);
  std::uint32_t n = 0;
  if (type() != Type::map || !reader.map(n)) return out;
  out.reserve(n);
  std::string_view key, value;
  for (std::uint32_t i = 0; i < n && reader.raw(key) && reader.raw(value); ++i) {
    const Value name(owner_, key);
    const auto text = name.text();
    out.emplace_back(text ? std::string(*text) : to_json(name), Value(owner_, value));
  }
  return out;
}

std::string pack_map(const std::map<std::string, Scalar>& map) {
  std::string out;
  wire::Writer writer(out);
  writer.map(map.size());
  for (const auto& [key, scalar] : map) {
    writer.text(key);
    if (const auto* b = std::get_if<bool>(&scalar)) writer.boolean(*b);
    if (const auto* i = std::get_if<std::int64_t>(&scalar)) writer.i64(*i);
    if (const auto* u = std::get_if<std::uint64_t>(&scalar)) writer.u64(*u);
    if (const auto* d = std::get_if<double>(&scalar)) writer.real(*d);
    if (const auto* s = std::get_if<std::string>(&scalar)) writer.text(*s);
  }
  return out;
}

}  // namespace lifesign
