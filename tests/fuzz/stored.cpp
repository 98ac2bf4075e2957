// What the recorder decodes of its values, one by one: refused, or encoded again it is the same.
#include "recorder/chunk.h"
#include "recorder/position.h"
#include "recorder/state.h"
#include "target.h"

namespace lifesign::fuzz {
namespace {

void try_chunk(std::uint64_t first_seq, std::string_view payload) {
  recorder::Chunk chunk, again;
  if (!recorder::decode_chunk(first_seq, payload, chunk).ok()) return;
  for (const std::uint32_t offset : chunk.header.repeats)
    LIFESIGN_ASSERT(chunk.header.is_repeat(first_seq + offset), "repeat {} is not found", offset);
  const std::string encoded = recorder::encode_chunk(chunk.header, chunk.entries);
  LIFESIGN_ASSERT(recorder::decode_chunk(first_seq, encoded, again).ok(), "an encoded chunk cannot be read");
  LIFESIGN_ASSERT(recorder::encode_chunk(again.header, again.entries) == encoded, "it came back as another chunk");
}

void try_position(std::string_view payload) {
  recorder::Position position, again;
  if (!recorder::decode_position(payload, position).ok()) return;
  const std::string encoded = recorder::encode_position(position);
  LIFESIGN_ASSERT(recorder::decode_position(encoded, again).ok(), "an encoded position cannot be read");
  LIFESIGN_ASSERT(recorder::encode_position(again) == encoded, "it came back as another position");
}

// Through a state, as at a start.
std::string reload(std::string_view agent_id, std::string_view payload) {
  recorder::State state({}, [](std::string_view) -> std::optional<std::uint64_t> { return std::nullopt; });
  const base::Status loaded = state.load_row(agent_id, payload);
  LIFESIGN_ASSERT(loaded.ok(), "a row that can be decoded cannot be loaded: {}", loaded.error().message);
  return state.encode_row(state.fold().find(agent_id));
}

void try_row(std::string_view agent_id, std::string_view payload) {
  if (!recorder::decode_row(agent_id, payload).ok()) return;
  const std::string encoded = reload(agent_id, payload);
  const auto again = recorder::decode_row(agent_id, encoded);
  LIFESIGN_ASSERT(again.ok(), "an encoded row cannot be read: {}", again.error().message);
  LIFESIGN_ASSERT(reload(agent_id, encoded) == encoded, "it came back as another row");
}

void try_fleet(std::string_view payload) {
  wire::Reader reader(payload);
  liveness::FleetState fleet, again;
  if (!liveness::decode(reader, fleet).ok()) return;
  std::string encoded;
  wire::Writer writer(encoded);
  liveness::encode(writer, fleet);
  wire::Reader encoded_reader(encoded);
  LIFESIGN_ASSERT(liveness::decode(encoded_reader, again).ok() && again == fleet, "it came back as another fleet");
}

}  // namespace

void run(std::string_view input) {
  Input parts(input);
  const std::uint8_t what = parts.byte();
  switch (what % 4) {
    case 0: {
      const std::uint64_t first_seq = parts.u64();
      return try_chunk(first_seq, parts.rest());
    }
    case 1:
      return try_position(parts.rest());
    case 2: {
      const std::string_view agent_id = parts.part();
      return try_row(agent_id, parts.rest());
    }
    default:
      return try_fleet(parts.rest());
  }
}

}  // namespace lifesign::fuzz
