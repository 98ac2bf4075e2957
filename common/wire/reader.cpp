#include "wire/reader.h"

#include <bit>
#include <cstring>
#include <limits>

#include "base/assert.h"

namespace lifesign::wire {
namespace {

std::uint64_t big_endian(const char* at, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | static_cast<unsigned char>(at[i]);
  return value;
}

}  // namespace

Type Reader::peek() const {
  if (!ok_ || at_ == end_) return Type::none;
  const auto b = static_cast<unsigned char>(*at_);
  if (b < 0x80 || b >= 0xE0) return Type::integer;
  if (b < 0x90) return Type::map;
  if (b < 0xA0) return Type::array;
  if (b < 0xC0) return Type::text;
  switch (b) {
    case 0xC0:
      return Type::nil;
    case 0xC2:
    case 0xC3:
      return Type::boolean;
    case 0xC4:
    case 0xC5:
    case 0xC6:
      return Type::binary;
    case 0xC7:
    case 0xC8:
    case 0xC9:
    case 0xD4:
    case 0xD5:
    case 0xD6:
    case 0xD7:
    case 0xD8:
      return Type::extension;
    case 0xCA:
    case 0xCB:
      return Type::real;
    case 0xD9:
    case 0xDA:
    case 0xDB:
      return Type::text;
    case 0xDC:
    case 0xDD:
      return Type::array;
    case 0xDE:
    case 0xDF:
      return Type::map;
    case 0xC1:
      return Type::none;
    default:
      return Type::integer;  // 0xCC to 0xD3
  }
}

bool Reader::length(std::uint8_t bytes, std::uint32_t& out) {
  if (!need(1u + bytes)) return fail();
  out = static_cast<std::uint32_t>(big_endian(at_ + 1, bytes));
  at_ += 1 + bytes;
  return true;
}

bool Reader::take(std::size_t bytes, Bytes& out) {
  if (!need(bytes)) return fail();
  out = {at_, bytes};
  at_ += bytes;
  return true;
}

bool Reader::map(std::uint32_t& pairs) {
  if (!ok_ || at_ == end_) return fail();
  const auto b = static_cast<unsigned char>(*at_);
  std::uint32_t n = 0;
  if ((b & 0xF0) == 0x80) {
    n = b & 0x0F;
    ++at_;
  } else if (b == 0xDE || b == 0xDF) {
    if (!length(b == 0xDE ? 2 : 4, n)) return false;
  } else {
    return fail();
  }
  if (!need(std::size_t{n} * 2)) return fail();  // every key and value takes a byte at least
  pairs = n;
  return true;
}

bool Reader::array(std::uint32_t& elements) {
  if (!ok_ || at_ == end_) return fail();
  const auto b = static_cast<unsigned char>(*at_);
  std::uint32_t n = 0;
  if ((b & 0xF0) == 0x90) {
    n = b & 0x0F;
    ++at_;
  } else if (b == 0xDC || b == 0xDD) {
    if (!length(b == 0xDC ? 2 : 4, n)) return false;
  } else {
    return fail();
  }
  if (!need(n)) return fail();
  elements = n;
  return true;
}

bool Reader::text(std::string_view& out) {
  if (!ok_ || at_ == end_) return fail();
  const auto b = static_cast<unsigned char>(*at_);
  std::uint32_t n = 0;
  if ((b & 0xE0) == 0xA0) {
    n = b & 0x1F;
    ++at_;
  } else if (b >= 0xD9 && b <= 0xDB) {
    if (!length(static_cast<std::uint8_t>(1 << (b - 0xD9)), n)) return false;
  } else {
    return fail();
  }
  return take(n, out);
}

bool Reader::binary(Bytes& out) {
  if (!ok_ || at_ == end_) return fail();
  const auto b = static_cast<unsigned char>(*at_);
  std::uint32_t n = 0;
  if (b < 0xC4 || b > 0xC6) return fail();
  if (!length(static_cast<std::uint8_t>(1 << (b - 0xC4)), n)) return false;
  return take(n, out);
}

bool Reader::u64(std::uint64_t& out) {
  if (!ok_ || at_ == end_) return fail();
  const auto b = static_cast<unsigned char>(*at_);
  if (b < 0x80) {
    out = b;
    ++at_;
    return true;
  }
  if (b >= 0xCC && b <= 0xCF) {
    const std::size_t bytes = std::size_t{1} << (b - 0xCC);
    if (!need(1 + bytes)) return fail();
    out = big_endian(at_ + 1, bytes);
    at_ += 1 + bytes;
    return true;
  }
  // A sender may write a small positive number as a signed one.
  std::int64_t value = 0;
  const char* const before = at_;
  if (!i64(value)) return false;
  if (value < 0) {
    at_ = before;
    return fail();
  }
  out = static_cast<std::uint64_t>(value);
  return true;
}

bool Reader::i64(std::int64_t& out) {
  if (!ok_ || at_ == end_) return fail();
  const auto b = static_cast<unsigned char>(*at_);
  if (b >= 0xE0) {
    out = static_cast<std::int8_t>(b);
    ++at_;
    return true;
  }
  if (b >= 0xD0 && b <= 0xD3) {
    const std::size_t bytes = std::size_t{1} << (b - 0xD0);
    if (!need(1 + bytes)) return fail();
    const std::uint64_t bits = big_endian(at_ + 1, bytes);
    const auto shift = static_cast<unsigned>(64 - 8 * bytes);
    out = static_cast<std::int64_t>(bits << shift) >> shift;
    at_ += 1 + bytes;
    return true;
  }
  if (b < 0x80 || (b >= 0xCC && b <= 0xCF)) {
    std::uint64_t value = 0;
    if (!u64(value)) return false;
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return fail();
    out = static_cast<std::int64_t>(value);
    return true;
  }
  return fail();
}

bool Reader::time(base::LogTime& out) {
  std::uint64_t micros = 0;
  if (!u64(micros)) return false;
  if (micros > base::log_time_max) return fail();
  out = base::log_time(micros);
  return true;
}

bool Reader::number(double& out) {
  if (!ok_ || at_ == end_) return fail();
  const auto b = static_cast<unsigned char>(*at_);
  if (b == 0xCA) {
    if (!need(5)) return fail();
    out = static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(big_endian(at_ + 1, 4))));
    at_ += 5;
    return true;
  }
  if (b == 0xCB) {
    if (!need(9)) return fail();
    out = std::bit_cast<double>(big_endian(at_ + 1, 8));
    at_ += 9;
    return true;
  }
  if (b == 0xCF) {
    std::uint64_t value = 0;
    if (!u64(value)) return false;
    out = static_cast<double>(value);
    return true;
  }
  std::int64_t value = 0;
  if (!i64(value)) return false;
  out = static_cast<double>(value);
  return true;
}

bool Reader::boolean(bool& out) {
  if (!ok_ || at_ == end_) return fail();
  const auto b = static_cast<unsigned char>(*at_);
  if (b != 0xC2 && b != 0xC3) return fail();
  out = b == 0xC3;
  ++at_;
  return true;
}

bool Reader::nil() {
  if (!ok_ || at_ == end_ || static_cast<unsigned char>(*at_) != 0xC0) return false;
  ++at_;
  return true;
}

// Not recursive: `open` counts what is still to come at each level, so depth is bounded by an array and not the stack.
bool Reader::skip(std::size_t levels) {
  LIFESIGN_ASSERT(levels <= limits::depth, "{} levels", levels);
  std::uint64_t open[limits::depth + 1];
  std::size_t depth = 0;
  open[0] = 1;
  for (;;) {
    while (open[depth] == 0) {
      if (depth == 0) return true;
      --depth;
    }
    --open[depth];
    std::uint32_t n = 0;
    Bytes ignored;
    std::int64_t integer = 0;
    std::uint64_t positive = 0;
    double real = 0;
    bool flag = false;
    switch (peek()) {
      case Type::map:
      case Type::array: {
        const bool is_map = peek() == Type::map;
        if (!(is_map ? map(n) : array(n))) return false;
        if (depth == levels) return fail();
        open[++depth] = is_map ? std::uint64_t{n} * 2 : n;
        break;
      }
      case Type::text:
        if (!text(ignored)) return false;
        break;
      case Type::binary:
        if (!binary(ignored)) return false;
        break;
      case Type::integer:
        if (static_cast<unsigned char>(*at_) == 0xCF ? !u64(positive) : !i64(integer)) return false;
        break;
      case Type::real:
        if (!number(real)) return false;
        break;
      case Type::boolean:
        if (!boolean(flag)) return false;
        break;
      case Type::nil:
        ++at_;
        break;
      case Type::extension: {
        const auto b = static_cast<unsigned char>(*at_);
        if (b >= 0xD4) {
          ++at_;
          n = 1u << (b - 0xD4);
        } else if (!length(static_cast<std::uint8_t>(1 << (b - 0xC7)), n)) {
          return false;
        }
        if (!take(std::size_t{n} + 1, ignored)) return false;  // and the extension's type
        break;
      }
      case Type::none:
        return fail();
    }
  }
}

bool Reader::raw(Bytes& out, std::size_t levels) {
  const char* const before = at_;
  if (!skip(levels)) return false;
  out = {before, static_cast<std::size_t>(at_ - before)};
  return true;
}

}  // namespace lifesign::wire
