#include "broker/sequencer.h"

#include <catch2/catch.hpp>

#include "wire/beat.h"
#include "wire/event.h"
#include "wire/registration.h"
#include "wire/writer.h"

using namespace lifesign;
using namespace lifesign::broker;
using namespace std::chrono_literals;

namespace {

const base::LogTime start = base::log_time(1'700'000'000'000'000);

std::string beats(std::initializer_list<std::string_view> ids) {
  std::string body;
  wire::Writer writer(body);
  writer.array(ids.size());
  for (const std::string_view id : ids) writer.array(3).text(id).u64(77).u64(1);
  return body;
}

std::string verdict(std::string_view type, std::string_view id, std::uint64_t evidence) {
  std::string body;
  wire::Writer(body)
      .array(1)
      .map(6)
      .field("type", type)
      .field("agent_id", id)
      .field("evidence_seq", evidence)
      .field("ordinal", std::uint64_t{2})
      .field("as_of", evidence + 1)
      .field("decided", base::to_wire(start));
  return body;
}

struct World {
  Counters counters = make_counters();
  Bounds bounds;
  Sequencer sequencer;
  Outbox out;

  explicit World(const Bounds& given = {}) : bounds(given), sequencer(given, "secret", counters) {
    sequencer.set_ceiling(1'000'000);
    sequencer.open_run(1, 1, start - 10s, start, out);
    sequencer.cut();
    out = {};
  }

  void send(wire::Kind kind, const std::string& body, wire::Ack ack, std::uint64_t corr = 1,
            std::string_view token = {}, base::LogTime at = start) {
    Request request;
    request.from = "peer";
    request.connection = 9;
    request.peer = "127.0.0.1";
    request.header = {kind, corr, ack, 0, token};
    request.body = body;
    sequencer.take(request, at, out);
  }

  wire::Reply last_reply() {
    REQUIRE_FALSE(out.replies.empty());
    // All are to one peer, and few enough for one message.
    wire::Reply reply;
    wire::Bytes rest = out.replies.begin()->bytes;
    while (!rest.empty()) REQUIRE(wire::read_reply(rest, reply).ok());
    return reply;
  }
};

std::vector<wire::Entry> entries(const Batch& batch) {
  std::vector<wire::Entry> all;
  wire::Entry entry;
  wire::EntryList list(*batch.payload);
  while (list.next(entry)) all.push_back(entry);
  REQUIRE(list.status().ok());
  return all;
}

}  // namespace

TEST_CASE("a run opens with broker.started and the blind span before it", "[broker]") {
  World world;
  const Batch& batch = world.sequencer.ring().at(world.sequencer.ring().first_index());
  const auto all = entries(batch);
  REQUIRE(all.size() == 1);
  CHECK(all[0].kind == wire::Kind::event);
  CHECK(all[0].first_seq == 1);
  std::uint64_t from = 0;
  wire::Reader reader(all[0].body);
  std::uint32_t n = 0;
  wire::Bytes map;
  REQUIRE((reader.array(n) && reader.raw(map)));
  CHECK(wire::find_u64(map, "blind_from", from));
  CHECK(from == base::to_wire(start - 10s));
}

TEST_CASE("a message gets one stamp and a range of seqs, and its bytes go on as they came", "[broker]") {
  World world;
  const std::string body = beats({"a", "b", "c"});
  world.send(wire::Kind::beats, body, wire::Ack::received, 42);
  const wire::Reply reply = world.last_reply();
  CHECK(reply.code == "received");
  CHECK(reply.corr == 42);
  CHECK(reply.first_seq == 2);
  CHECK(world.sequencer.next_seq() == 5);
  REQUIRE(world.sequencer.cut());
  const auto all = entries(world.sequencer.ring().at(1));
  REQUIRE(all.size() == 1);
  CHECK(all[0].body == body);
  CHECK(all[0].count == 3);
  CHECK(all[0].connection == 9);
}

TEST_CASE("a bad beat refuses its message whole and costs nobody a seq", "[broker]") {
  World world;
  world.send(wire::Kind::beats, beats({"good", "bad/id"}), wire::Ack::none, 5);
  const wire::Reply reply = world.last_reply();
  CHECK(reply.code == "invalid_agent_id");
  CHECK(reply.corr == 5);
  CHECK(reply.message.starts_with("beat 1:"));
  CHECK(world.sequencer.next_seq() == 2);
  CHECK(world.counters[Count::refused] == 1);
}

TEST_CASE("a recorded ack leaves only when the recorder has it on disk", "[broker]") {
  World world;
  world.sequencer.recorder_connected(true, start);
  world.send(wire::Kind::beats, beats({"a", "b"}), wire::Ack::recorded, 7);
  CHECK(world.out.replies.empty());
  world.sequencer.recorded(2, world.out);
  CHECK(world.out.replies.empty());  // seq 3 is part of the message too
  world.sequencer.recorded(3, world.out);
  CHECK(world.last_reply().code == "recorded");
  CHECK(world.last_reply().first_seq == 2);
}

TEST_CASE("with no recorder a recorded beat is told so at its deadline", "[broker]") {
  World world;
  world.send(wire::Kind::beats, beats({"a"}), wire::Ack::recorded, 7);
  world.sequencer.expire(start + 4s, world.out);
  CHECK(world.out.replies.empty());
  world.sequencer.expire(start + 5s, world.out);
  CHECK(world.last_reply().code == "recorder_unavailable");
}

TEST_CASE("when memory is full of what the recorder lacks, recorded is refused and the beat counts all the same",
          "[broker]") {
  Bounds bounds;
  bounds.ring_bytes = 4096;
  World world(bounds);
  for (int i = 0; i < 200; ++i) {
    world.send(wire::Kind::beats, beats({"a"}), wire::Ack::none);
    world.sequencer.cut();
  }
  world.send(wire::Kind::beats, beats({"a"}), wire::Ack::recorded, 9);
  CHECK(world.last_reply().code == "overloaded");
  CHECK(world.last_reply().retry_after_ms > 0);
  CHECK(world.counters[Count::beats] == 201);  // it proves life
  const std::uint64_t next = world.sequencer.next_seq();
  std::string body;
  wire::Writer writer(body);
  writer.array(1);
  wire::write_goodbye(writer, {"a", 77, ""});
  world.send(wire::Kind::goodbye, body, wire::Ack::recorded, 10);
  CHECK(world.last_reply().code == "overloaded");
  CHECK(world.sequencer.next_seq() == next);  // what can wait is not taken
  world.sequencer.recorded(next - 1, world.out);
  world.out = {};
  world.send(wire::Kind::beats, beats({"a"}), wire::Ack::recorded, 11);
  CHECK(world.out.replies.empty());  // taken, and waiting
}

TEST_CASE("what a log.gap swallowed is acknowledged to nobody and told as provisional", "[broker]") {
  World world;
  world.sequencer.recorder_connected(true, start);
  world.sequencer.recorded(1, world.out);
  world.out = {};
  world.send(wire::Kind::beats, beats({"a"}), wire::Ack::recorded, 7);                               // seq 2
  world.send(wire::Kind::verdicts, verdict("agent.timeout", "a", 1), wire::Ack::none, 1, "secret");  // seq 3
  world.send(wire::Kind::beats, beats({"b"}), wire::Ack::recorded, 8);                               // seq 4
  world.sequencer.gap(2, 3, start, start, start, world.out);
  CHECK(world.last_reply().code == "recorder_unavailable");
  CHECK(world.last_reply().corr == 7);
  REQUIRE(world.out.events.size() == 1);
  wire::Event event;
  REQUIRE(wire::read_event(world.out.events[0].map, event).ok());
  CHECK(event.provisional);
  world.sequencer.recorded(5, world.out);
  CHECK(world.last_reply().corr == 8);
  CHECK(world.last_reply().code == "recorded");
  // The verdict that was lost can be said again.
  world.send(wire::Kind::verdicts, verdict("agent.timeout", "a", 1), wire::Ack::received, 9, "secret");
  CHECK(world.last_reply().first_seq == 6);
}

TEST_CASE("a recorder that is connected and records nothing does not silence events", "[broker]") {
  World world;
  world.sequencer.recorder_connected(true, start);
  world.send(wire::Kind::verdicts, verdict("agent.timeout", "a", 1), wire::Ack::none, 1, "secret");
  world.out = {};
  world.sequencer.expire(start + 2s, world.out);
  CHECK(world.out.events.empty());
  world.sequencer.expire(start + 4s, world.out);
  CHECK(world.out.events.size() >= 1);
}

TEST_CASE("a goodbye cannot pass for a verdict", "[broker]") {
  World world;
  world.sequencer.recorder_connected(true, start);
  std::string body;
  wire::Writer(body)
      .array(1)
      .map(7)
      .field("agent_id", "victim")
      .field("run", std::uint64_t{5})
      .field("type", "agent.timeout")
      .field("evidence_seq", std::uint64_t{1})
      .field("ordinal", std::uint64_t{2})
      .field("as_of", std::uint64_t{1})
      .field("decided", base::to_wire(start));
  world.send(wire::Kind::goodbye, body, wire::Ack::received);
  world.out = {};
  world.sequencer.recorded(2, world.out);
  wire::Event event;
  REQUIRE(wire::read_event(world.out.events.back().map, event).ok());
  CHECK(event.type == "agent.stopped");
  CHECK_FALSE(event.is_verdict);
}

TEST_CASE("a batch takes one message more than fits, and never more than its readers do", "[broker]") {
  World world;
  world.send(wire::Kind::beats, beats({"a"}), wire::Ack::none);
  std::string large;
  wire::Writer(large).array(1).array(4).text("a").u64(1).u64(1).map(1).text("unknown").binary(
      std::string(wire::limits::message_bytes - 100, 'x'));
  world.send(wire::Kind::beats, large, wire::Ack::received);
  CHECK(world.last_reply().code == "received");
  world.sequencer.cut();
  const Ring& ring = world.sequencer.ring();
  for (std::uint64_t i = ring.first_index(); i < ring.end_index(); ++i)
    CHECK(ring.at(i).payload->size() <= wire::limits::batch_frame_bytes);
}

TEST_CASE("verdicts and commands need the token", "[broker]") {
  World world;
  world.send(wire::Kind::verdicts, verdict("agent.timeout", "a", 5), wire::Ack::received);
  CHECK(world.last_reply().code == "not_allowed");
  world.send(wire::Kind::verdicts, verdict("agent.timeout", "a", 5), wire::Ack::received, 1, "wrong!");
  CHECK(world.last_reply().code == "not_allowed");
  world.send(wire::Kind::verdicts, verdict("agent.timeout", "a", 5), wire::Ack::received, 1, "secret");
  CHECK(world.last_reply().code == "received");
}

TEST_CASE("a verdict is published once it is recorded, and a repeat of its key never", "[broker]") {
  World world;
  world.sequencer.recorder_connected(true, start);
  world.sequencer.recorded(1, world.out);
  world.out = {};
  world.send(wire::Kind::verdicts, verdict("agent.timeout", "web-1", 5), wire::Ack::none, 1, "secret");
  world.send(wire::Kind::verdicts, verdict("agent.timeout", "web-1", 5), wire::Ack::none, 1, "secret");
  CHECK(world.sequencer.next_seq() == 3);
  CHECK(world.counters[Count::verdict_repeats] == 1);
  world.sequencer.expire(start + 100ms, world.out);
  CHECK(world.out.events.empty());
  world.sequencer.recorded(2, world.out);
  REQUIRE(world.out.events.size() == 1);
  CHECK(world.out.events[0].topic == "agent.timeout/web-1/");
  wire::Event event;
  REQUIRE(wire::read_event(world.out.events[0].map, event).ok());
  CHECK(event.seq == 2);
  CHECK(event.prev == 0);
  CHECK_FALSE(event.provisional);
}

TEST_CASE("with the recorder away for over a second events go out marked provisional", "[broker]") {
  World world;
  world.sequencer.recorder_connected(true, start);
  world.sequencer.recorded(1, world.out);
  world.sequencer.recorder_connected(false, start);
  world.out = {};
  world.send(wire::Kind::verdicts, verdict("agent.timeout", "web-1", 5), wire::Ack::none, 1, "secret", start + 1s);
  world.sequencer.expire(start + 1500ms, world.out);
  CHECK(world.out.events.empty());
  world.sequencer.expire(start + 2100ms, world.out);
  REQUIRE(world.out.events.size() == 1);
  wire::Event event;
  REQUIRE(wire::read_event(world.out.events[0].map, event).ok());
  CHECK(event.provisional);
}

TEST_CASE("prev chains the events of one type and beats chain by seq", "[broker]") {
  World world;
  world.sequencer.recorder_connected(true, start);
  world.sequencer.beat_topics().apply("\x01heartbeat.received/");
  world.out = {};
  world.send(wire::Kind::beats, beats({"a", "b"}), wire::Ack::none);
  world.send(wire::Kind::beats, beats({"c"}), wire::Ack::none);
  REQUIRE(world.out.events.size() == 3);
  std::vector<std::uint64_t> prevs;
  for (const auto& outgoing : world.out.events) {
    wire::Event event;
    REQUIRE(wire::read_event(outgoing.map, event).ok());
    prevs.push_back(event.prev);
  }
  CHECK(prevs == std::vector<std::uint64_t>{0, 2, 3});
}

TEST_CASE("a goodbye that is sent again is published once", "[broker]") {
  World world;
  world.sequencer.recorder_connected(true, start);
  std::string body;
  wire::Writer writer(body);
  writer.array(1);
  wire::write_goodbye(writer, {"web-1", 77, "done"});
  world.send(wire::Kind::goodbye, body, wire::Ack::received);
  world.send(wire::Kind::goodbye, body, wire::Ack::received);
  CHECK(world.last_reply().code == "received");
  world.sequencer.recorded(3, world.out);
  std::size_t stopped = 0;
  for (const auto& event : world.out.events) stopped += event.topic == "agent.stopped/web-1/";
  CHECK(stopped == 1);
}

TEST_CASE("one tick a second is a record, the others ride along without a seq", "[broker]") {
  World world;
  world.sequencer.tick(start + 5ms, world.out);
  CHECK(world.sequencer.cut());
  CHECK(world.sequencer.next_seq() == 3);
  world.sequencer.tick(start + 10ms, world.out);
  CHECK_FALSE(world.sequencer.cut());
  REQUIRE(world.sequencer.loose_ticks());
  CHECK(world.sequencer.loose_ticks()->time == start + 10ms);
  CHECK(world.sequencer.next_seq() == 3);
  CHECK_FALSE(world.sequencer.cut());
  CHECK_FALSE(world.sequencer.loose_ticks());
}

TEST_CASE("no seq is given out above what is reserved on disk", "[broker]") {
  World world;
  world.sequencer.set_ceiling(world.sequencer.next_seq() + 4095);
  CHECK_FALSE(world.sequencer.has_seqs());
  world.send(wire::Kind::beats, beats({"a"}), wire::Ack::received);
  CHECK(world.last_reply().code == "overloaded");
  world.sequencer.tick(start + 2s, world.out);  // the broker's own ticks go on, unsequenced
  CHECK(world.sequencer.next_seq() == 2);
}

TEST_CASE("until broker.started is recorded the next run must report this run's blind span too", "[broker]") {
  World world;
  world.sequencer.recorder_connected(true, start);
  CHECK(world.sequencer.recorded_time() == start - 10s);
  world.sequencer.recorded(1, world.out);
  CHECK(world.sequencer.recorded_time() == start);
  world.send(wire::Kind::beats, beats({"a"}), wire::Ack::none, 1, {}, start + 3s);
  world.sequencer.cut();
  CHECK(world.sequencer.recorded_time() == start);  // the beat at 3 s is not on disk
}

TEST_CASE("a new run above the recorder's position answers who waits and empties the ring", "[broker]") {
  World world;
  world.send(wire::Kind::beats, beats({"a"}), wire::Ack::recorded, 3);
  world.sequencer.cut();
  world.sequencer.open_run(2, 500, start, start + 1s, world.out);
  CHECK(world.last_reply().code == "recorder_unavailable");
  CHECK(world.sequencer.ring().empty());
  CHECK(world.sequencer.run() == 2);
  CHECK(world.sequencer.next_seq() == 501);
}

TEST_CASE("a bad cron expression costs its sender an error and nobody a record", "[broker]") {
  World world;
  wire::Registration registration;
  registration.agent_id = "job";
  registration.schedule = "61 * * * *";
  std::string body;
  wire::Writer writer(body);
  writer.array(1);
  wire::write_registration(writer, registration);
  world.send(wire::Kind::registration, body, wire::Ack::received);
  CHECK(world.last_reply().code == "invalid_value");
  CHECK(world.sequencer.next_seq() == 2);
}
