// A stretch of the log as stored: see docs/storage.md, "Chunks". Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "wire/log.h"

namespace lifesign::recorder {

// Just under 16 pages with LMDB's own headers: one byte more would take a 17th.
inline constexpr std::size_t chunk_bytes = 65'500;

struct ChunkHeader {
  std::uint64_t broker_run = 0;
  std::uint64_t first_seq = 0;  // the key
  std::uint64_t next_seq = 0;
  std::uint64_t prev_next = 0;  // next_seq of the chunk before; 0: it is the first
  base::LogTime first_time{}, last_time{};
  std::vector<std::uint32_t> repeats;  // offsets from first_seq, ascending

  bool is_repeat(std::uint64_t seq) const;
};

// The payload, to be sealed. `entries` are sequenced entries one after the other.
std::string encode_chunk(const ChunkHeader& header, wire::Bytes entries);

struct Chunk {
  ChunkHeader header;
  wire::Bytes entries;  // a view into the payload
};
base::Status decode_chunk(std::uint64_t first_seq, wire::Bytes payload, Chunk& out);

}  // namespace lifesign::recorder
