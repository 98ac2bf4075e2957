#include "recorder/log_store.h"

#include <fmt/format.h>

#include <algorithm>

namespace lifesign::recorder {

base::Result<std::optional<Chunk>> LogReader::read(bool there) {
  if (cursor_.error() != 0) return storage_error("reading the log", cursor_.error());
  if (!there) return std::optional<Chunk>();
  if (cursor_.key().size() != 8) return damaged("a key of the log is not a seq");
  const std::uint64_t first = from_be64(cursor_.key());
  Bytes payload;
  if (!unseal(cursor_.key(), cursor_.value(), payload)) {
    return damaged(fmt::format("the chunk of the log at seq {} has a wrong checksum", first));
  }
  Chunk chunk;
  if (auto status = decode_chunk(first, payload, chunk); !status.ok()) return status.error();
  return std::optional<Chunk>(std::move(chunk));
}

base::Result<std::optional<Chunk>> LogReader::holding_or_after(std::uint64_t seq) {
  if (!cursor_.at_or_before(be64(seq))) return read(cursor_.first());
  auto chunk = read(true);
  if (!chunk.ok() || (*chunk)->header.next_seq > seq) return chunk;
  return next();
}

base::Result<std::optional<Chunk>> LogReader::next() {
  return read(cursor_.next());
}

// Bisects the seqs: chunks are in order of both seq and time.
base::Result<std::optional<Chunk>> LogReader::first_ending_at_or_after(base::LogTime time) {
  auto chunk = read(cursor_.first());
  if (!chunk.ok() || !chunk->has_value() || (*chunk)->header.last_time >= time) return chunk;
  std::uint64_t low = (*chunk)->header.next_seq;  // the answer begins at `low` or above
  chunk = read(cursor_.last());
  if (!chunk.ok() || !chunk->has_value()) return chunk;
  if ((*chunk)->header.last_time < time) return std::optional<Chunk>();
  std::uint64_t high = (*chunk)->header.first_seq;  // the chunk that begins at `high` will do
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    chunk = read(cursor_.at_or_before(be64(middle)));
    if (!chunk.ok()) return chunk;
    LIFESIGN_ASSERT(chunk->has_value(), "no chunk below seq {}", middle);
    const ChunkHeader& header = (*chunk)->header;
    if (header.last_time < time) {
      low = std::max(header.next_seq, middle + 1);
    } else {
      high = header.first_seq;
    }
  }
  return read(cursor_.at_or_after(be64(high)));
}

base::Result<Position> stored_position(const Txn& txn) {
  auto payload = txn.get_sealed(Table::meta, Position::key);
  if (!payload.ok()) return payload.error();
  Position position;
  if (!payload->has_value()) return position;
  if (auto status = decode_position(**payload, position); !status.ok()) return status.error();
  return position;
}

}  // namespace lifesign::recorder
