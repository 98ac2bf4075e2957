// A hand-driven MessagePack cursor: reads one value after the other in place, copies nothing, allocates nothing.
//
// Every read returns false on a wrong type or on too few bytes; then ok() is false for good, and the outputs are
// untouched. Views that it hands out live as long as the bytes. Lengths are checked against the bytes that are
// left before anything is believed, so random input costs at most its own length.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/time.h"
#include "wire/limits.h"

namespace lifesign::wire {

using Bytes = std::string_view;  // raw bytes; text is checked for UTF-8 where it is validated

enum class Type : std::uint8_t { nil, boolean, integer, real, text, binary, array, map, extension, none };

class Reader {
 public:
  explicit Reader(Bytes bytes) : begin_(bytes.data()), at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  bool ok() const { return ok_; }
  bool at_end() const { return at_ == end_; }
  std::size_t offset() const { return static_cast<std::size_t>(at_ - begin_); }
  Bytes rest() const { return {at_, static_cast<std::size_t>(end_ - at_)}; }

  Type peek() const;  // the next value's type; `none` at the end or on a reserved byte

  bool map(std::uint32_t& pairs);  // then read key, value `pairs` times
  bool array(std::uint32_t& elements);
  bool text(std::string_view& out);  // str only; UTF-8 is not checked here
  bool binary(Bytes& out);           // bin only
  bool u64(std::uint64_t& out);      // any integer that is not negative
  bool i64(std::int64_t& out);       // any integer that fits
  bool time(base::LogTime& out);     // u64, to base::log_time_max
  bool number(double& out);          // integer or float
  bool boolean(bool& out);
  bool nil();  // consumes a nil; false and no error if something else comes next
  // One whole value of any type, of at most so many levels (limits::depth is the most); raw() gives its bytes.
  bool skip(std::size_t levels = limits::depth);
  bool raw(Bytes& out, std::size_t levels = limits::depth);

 private:
  bool fail() {
    ok_ = false;
    return false;
  }
  bool need(std::size_t bytes) const { return static_cast<std::size_t>(end_ - at_) >= bytes; }
  bool length(std::uint8_t bytes, std::uint32_t& out);
  bool take(std::size_t bytes, Bytes& out);

  const char* begin_;
  const char* at_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace lifesign::wire
