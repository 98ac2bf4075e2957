// From ingest to disk: messages of any bytes to the broker's sequencer, what it sequenced to the recorder. Whatever the
// broker takes, the recorder applies to the last item, stores as what it can read again, and answers queries about.
#include "broker/sequencer.h"
#include "lifesign/value.h"
#include "recorder/chunk.h"
#include "recorder/state.h"
#include "recorder_answers.h"
#include "target.h"
#include "wire/event.h"

namespace lifesign::fuzz {
namespace {

using recorder::State;

std::optional<std::uint64_t> no_keys(std::string_view) {
  return std::nullopt;
}

void must_be_readable(const recorder::Work& work) {
  recorder::ChunkHeader header{.broker_run = 1, .first_seq = work.first_seq, .next_seq = work.next_seq};
  header.first_time = work.first_time;
  header.last_time = work.last_time;
  header.repeats = work.repeats;
  recorder::Chunk chunk;
  base::Status status = recorder::decode_chunk(work.first_seq, recorder::encode_chunk(header, work.entries), chunk);
  LIFESIGN_ASSERT(status.ok(), "{}", status.error().message);
  std::uint64_t before = 0;
  for (const recorder::StoredEvent& stored : work.events) {
    wire::Event event;
    status = wire::read_event(stored.map, event);
    LIFESIGN_ASSERT(status.ok(), "event {}: {}", stored.seq, status.error().message);
    LIFESIGN_ASSERT(event.seq == stored.seq && stored.seq > before && event.prev < stored.seq, "event {}", stored.seq);
    before = stored.seq;
  }
  for (const recorder::StoredBackfill& stored : work.backfill) {
    wire::Reader reader(stored.beat);
    wire::Beat beat;
    LIFESIGN_ASSERT(wire::read_beat(reader, beat).ok(), "a backfilled beat cannot be read");
  }
}

void must_come_back(const State& state) {
  State again({}, no_keys);
  recorder::Position position;
  LIFESIGN_ASSERT(recorder::decode_position(recorder::encode_position(state.position()), position).ok(), "position");
  again.load_position(position);
  for (recorder::Directory::Walk walk(state.directory(), {}, {}, std::nullopt); !walk.at_end(); walk.next()) {
    const std::string row = state.encode_row(walk.row());
    const base::Status status = again.load_row(walk.agent_id(), row);
    LIFESIGN_ASSERT(status.ok(), "{}", status.error().message);
    LIFESIGN_ASSERT(again.encode_row(again.fold().find(walk.agent_id())) == row, "a row came back as another");
  }
}

}  // namespace

void run(std::string_view input) {
  broker::Counters counters = broker::make_counters();
  broker::Sequencer sequencer({}, "secret", counters);
  broker::Outbox out;
  State state({.max_agents = 100}, no_keys);
  base::LogTime now = base::log_time(1'700'000'000'000'000);
  sequencer.set_ceiling(1'000'000);
  sequencer.open_run(1, 1, now, now, out);
  Input parts(input);
  for (std::uint64_t corr = 1; !parts.empty(); ++corr) {
    const std::uint8_t what = parts.byte();
    now += base::Micros(std::int64_t{1} << (what / 8));
    broker::Request request{.from = "peer", .connection = static_cast<std::uint32_t>(1 + corr % 3), .peer = "10.0.0.1"};
    request.header = {static_cast<wire::Kind>(1 + what % 8), corr, static_cast<wire::Ack>(corr % 3), 0, "secret"};
    if (what % 8 == 6) {
      sequencer.tick(now, out);
    } else if (what % 8 == 7) {
      sequencer.closed(request.connection, now);
    } else {
      request.body = parts.part();
      sequencer.take(request, now, out);
    }
    if (!sequencer.cut()) continue;
    const broker::Batch& batch = sequencer.ring().at(sequencer.ring().end_index() - 1);
    const auto work = state.apply({1, batch.first_seq, batch.next_seq, 0, batch.time}, *batch.payload);
    LIFESIGN_ASSERT(work.ok(), "the recorder refuses a batch: {}", work.error().message);
    LIFESIGN_ASSERT(state.bad_entries() == 0, "the recorder does not apply what the broker took");
    must_be_readable(*work);
    sequencer.recorded(batch.next_seq - 1, out);
  }
  must_come_back(state);
  ask_memory(state);
  for (const broker::OutgoingReplies& replies : out.replies) {
    wire::Reply read;
    for (wire::Bytes rest = replies.bytes; !rest.empty();)
      LIFESIGN_ASSERT(wire::read_reply(rest, read).ok(), "a reply cannot be read");
  }
  for (const broker::OutgoingEvent& event : out.events)
    LIFESIGN_ASSERT(Value::parse(event.map).ok(), "subscribers cannot read {}", event.topic);
}

}  // namespace lifesign::fuzz
