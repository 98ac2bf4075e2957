#include "recorder/chunk.h"

#include <fmt/format.h>

#include <algorithm>

#include "wire/writer.h"

namespace lifesign::recorder {

bool ChunkHeader::is_repeat(std::uint64_t seq) const {
  if (repeats.empty() || seq < first_seq) return false;
  return std::binary_search(repeats.begin(), repeats.end(), static_cast<std::uint32_t>(seq - first_seq));
}

std::string encode_chunk(const ChunkHeader& header, wire::Bytes entries) {
  LIFESIGN_ASSERT(header.first_seq < header.next_seq, "seqs {} to {}", header.first_seq, header.next_seq);
  LIFESIGN_ASSERT(header.prev_next <= header.first_seq, "{} after {}", header.first_seq, header.prev_next);
  std::string out;
  out.reserve(entries.size() + 64 + header.repeats.size() * 5);
  wire::Writer writer(out);
  writer.array(6).u64(header.broker_run).u64(header.next_seq).u64(header.prev_next);
  writer.u64(base::to_wire(header.first_time)).u64(base::to_wire(header.last_time));
  writer.array(header.repeats.size());
  for (const std::uint32_t offset : header.repeats) writer.u64(offset);
  out.append(entries);
  return out;
}

base::Status decode_chunk(std::uint64_t first_seq, wire::Bytes payload, Chunk& out) {
  out = Chunk{};
  wire::Reader reader(payload);
  std::uint32_t elements = 0, repeats = 0;
  ChunkHeader& h = out.header;
  h.first_seq = first_seq;
  bool good = reader.array(elements) && elements == 6 && reader.u64(h.broker_run) && reader.u64(h.next_seq) &&
              reader.u64(h.prev_next) && reader.time(h.first_time) && reader.time(h.last_time) && reader.array(repeats);
  good = good && h.next_seq > first_seq && h.prev_next <= first_seq && repeats <= h.next_seq - first_seq;
  for (std::uint32_t i = 0; good && i < repeats; ++i) {
    std::uint64_t offset = 0;
    good = reader.u64(offset) && offset < h.next_seq - first_seq && (i == 0 || offset > h.repeats.back());
    h.repeats.push_back(static_cast<std::uint32_t>(offset));
  }
  if (!good) {
    return base::Error{base::Code::storage_failed,
                       fmt::format("damaged database: the header of the chunk at seq {} cannot be read", first_seq)};
  }
  out.entries = reader.rest();
  return {};
}

}  // namespace lifesign::recorder
