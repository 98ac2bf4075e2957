// Checksums of stored values, and keys in byte order. See docs/storage.md, "Values".
#pragma once

#include <cstdint>
#include <string>

#include "wire/reader.h"

namespace lifesign::recorder {

using wire::Bytes;

// CRC-32C (Castagnoli), going on from `crc` (0 to begin).
std::uint32_t crc32c(Bytes bytes, std::uint32_t crc = 0);

// checksum + payload, the key being part of what is summed.
std::string seal(Bytes key, Bytes payload);
// The payload of a sealed value, as a view into it. False: it is not what was sealed under this key.
bool unseal(Bytes key, Bytes value, Bytes& payload);

// 64-bit big-endian: byte order is number order.
std::string be64(std::uint64_t value);
void append_be64(std::string& out, std::uint64_t value);
// `bytes` must be 8 bytes long at least.
std::uint64_t from_be64(Bytes bytes);

}  // namespace lifesign::recorder
