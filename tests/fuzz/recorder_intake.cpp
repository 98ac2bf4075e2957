// Batches of the log feed as the recorder takes them, of any bytes: refused, or what is to be stored of them can be
// read again and lies within the batch.
#include "recorder/chunk.h"
#include "recorder/state.h"
#include "target.h"
#include "wire/event.h"

namespace lifesign::fuzz {

void run(std::string_view input) {
  recorder::State state({.max_agents = 100},
                        [](std::string_view) -> std::optional<std::uint64_t> { return std::nullopt; });
  Input parts(input);
  while (!parts.empty()) {
    wire::BatchHeader batch;
    if (!wire::read_batch_header(parts.part(), batch).ok()) return;
    const std::uint64_t before = state.position().seq;
    const auto work = state.apply(batch, parts.part());
    if (!work.ok()) continue;
    if (work->entries.empty()) continue;
    LIFESIGN_ASSERT(work->first_seq > before && work->next_seq == batch.next_seq, "seqs {} to {} after {}",
                    work->first_seq, work->next_seq, before);
    recorder::ChunkHeader header{.broker_run = 1, .first_seq = work->first_seq, .next_seq = work->next_seq};
    header.first_time = work->first_time;
    header.last_time = work->last_time;
    header.repeats = work->repeats;
    recorder::Chunk chunk;
    const std::string payload = recorder::encode_chunk(header, work->entries);
    const base::Status status = recorder::decode_chunk(work->first_seq, payload, chunk);
    LIFESIGN_ASSERT(status.ok(), "{}", status.error().message);
    std::uint64_t last = 0;
    for (const recorder::StoredEvent& event : work->events) {
      wire::Event read;
      LIFESIGN_ASSERT(wire::read_event(event.map, read).ok(), "event {} cannot be read", event.seq);
      LIFESIGN_ASSERT(event.seq > last && event.seq >= work->first_seq && event.seq < work->next_seq, "event {} of {}",
                      event.seq, work->next_seq);
      last = event.seq;
    }
    for (const recorder::RowChange& row : work->rows) {
      if (row.payload.empty()) continue;
      const auto decoded = recorder::decode_row(row.agent_id, row.payload);
      LIFESIGN_ASSERT(decoded.ok(), "{}", decoded.error().message);
    }
  }
}

}  // namespace lifesign::fuzz
