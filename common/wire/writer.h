// Writes MessagePack by msgpack-c into a string of the caller's. Integers and lengths take their shortest form.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "wire/reader.h"

namespace lifesign::wire {

class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}  // appends; `out` must outlive the writer

  Writer& map(std::size_t pairs);
  Writer& array(std::size_t elements);
  Writer& text(std::string_view value);
  Writer& binary(Bytes value);
  Writer& u64(std::uint64_t value);
  Writer& i64(std::int64_t value);
  Writer& real(double value);
  Writer& boolean(bool value);
  Writer& nil();
  Writer& raw(Bytes packed) {
    out_.append(packed);
    return *this;
  }  // bytes that are MessagePack already

  // One pair of a map.
  Writer& field(std::string_view key, std::uint64_t value) { return text(key).u64(value); }
  Writer& field(std::string_view key, std::string_view value) { return text(key).text(value); }
  Writer& flag(std::string_view key, bool value) { return text(key).boolean(value); }

 private:
  std::string& out_;
};

}  // namespace lifesign::wire
