#include "recorder/seal.h"

#include <array>

#include "base/assert.h"

namespace lifesign::recorder {
namespace {

constexpr std::uint32_t polynomial = 0x82f63b78;  // Castagnoli, reflected
constexpr std::size_t checksum_bytes = 4;

using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

// Eight bytes a step: about a gigabyte a second, far more than a disk takes.
constexpr Tables make_tables() {
  Tables t{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0);
    t[0][i] = crc;
  }
  for (std::size_t i = 0; i < 256; ++i) {
    for (std::size_t slice = 1; slice < t.size(); ++slice) {
      t[slice][i] = (t[slice - 1][i] >> 8) ^ t[0][t[slice - 1][i] & 0xff];
    }
  }
  return t;
}

constexpr Tables tables = make_tables();

std::uint32_t load_le32(const unsigned char* p) {
  return static_cast<std::uint32_t>(p[0]) | static_cast<std::uint32_t>(p[1]) << 8 |
         static_cast<std::uint32_t>(p[2]) << 16 | static_cast<std::uint32_t>(p[3]) << 24;
}

}  // namespace

std::uint32_t crc32c(Bytes bytes, std::uint32_t crc) {
  const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t left = bytes.size();
  crc = ~crc;
  for (; left >= 8; left -= 8, p += 8) {
    const std::uint32_t low = load_le32(p) ^ crc;
    const std::uint32_t high = load_le32(p + 4);
    crc = tables[7][low & 0xff] ^ tables[6][(low >> 8) & 0xff] ^ tables[5][(low >> 16) & 0xff] ^ tables[4][low >> 24] ^
          tables[3][high & 0xff] ^ tables[2][(high >> 8) & 0xff] ^ tables[1][(high >> 16) & 0xff] ^
          tables[0][high >> 24];
  }
  for (; left > 0; --left, ++p) crc = (crc >> 8) ^ tables[0][(crc ^ *p) & 0xff];
  return ~crc;
}

std::string seal(Bytes key, Bytes payload) {
  const std::uint32_t sum = crc32c(payload, crc32c(key));
  std::string out;
  out.reserve(checksum_bytes + payload.size());
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(sum >> shift));
  out.append(payload);
  return out;
}

bool unseal(Bytes key, Bytes value, Bytes& payload) {
  if (value.size() < checksum_bytes) return false;
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < checksum_bytes; ++i) sum = sum << 8 | static_cast<unsigned char>(value[i]);
  const Bytes rest = value.substr(checksum_bytes);
  if (crc32c(rest, crc32c(key)) != sum) return false;
  payload = rest;
  return true;
}

std::string be64(std::uint64_t value) {
  std::string out;
  append_be64(out, value);
  return out;
}

void append_be64(std::string& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
}

std::uint64_t from_be64(Bytes bytes) {
  LIFESIGN_ASSERT(bytes.size() >= 8, "{} bytes", bytes.size());
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

}  // namespace lifesign::recorder
