#include <catch2/catch.hpp>

#include "wire/beat.h"
#include "wire/event.h"
#include "wire/ingest.h"
#include "wire/kinds.h"
#include "wire/limits.h"
#include "wire/log.h"
#include "wire/query.h"
#include "wire/registration.h"
#include "wire/writer.h"

using namespace lifesign;
using namespace lifesign::wire;

namespace {

base::Error beat_error(const std::string& body) {
  const auto checked = check_beats(body, false);
  REQUIRE_FALSE(checked.ok());
  return checked.error();
}

std::string one_beat(auto write) {
  std::string body;
  Writer writer(body);
  writer.array(1);
  write(writer);
  return body;
}

}  // namespace

TEST_CASE("the shortest beat is an array with an id", "[wire]") {
  const std::string body = one_beat([](Writer& w) { w.array(1).text("web-1"); });
  CHECK(*check_beats(body, false) == 1);
}

TEST_CASE("a bad beat is named by its index and its field", "[wire]") {
  std::string body;
  Writer(body).array(2).array(1).text("web-1").array(4).text("web-2").u64(1).u64(1).map(1).field("interval_ms", 5);
  const base::Error error = beat_error(body);
  CHECK(error.code == base::Code::invalid_value);
  CHECK(error.message == "beat 1: interval_ms is 5; it must be between 10 and 31622400000");
}

TEST_CASE("ids, types and bounds are checked with their own codes", "[wire]") {
  CHECK(beat_error(one_beat([](Writer& w) { w.array(1).text("a/b"); })).code == base::Code::invalid_agent_id);
  CHECK(beat_error(one_beat([](Writer& w) { w.array(1).text(""); })).code == base::Code::invalid_agent_id);
  CHECK(beat_error(one_beat([](Writer& w) { w.array(1).u64(7); })).code == base::Code::bad_message);
  CHECK(beat_error(one_beat([](Writer& w) { w.array(2).text("a").text("run"); })).code == base::Code::bad_message);
  CHECK(beat_error(one_beat([](Writer& w) {
          w.array(4).text("a").u64(1).u64(1).map(1).field("activity", std::string(65, 'x'));
        })).code == base::Code::invalid_value);
  CHECK(beat_error("\x90").code == base::Code::bad_message);
  CHECK(beat_error("").code == base::Code::bad_message);
  std::string too_many;
  Writer writer(too_many);
  writer.array(limits::beats_per_message + 1);
  for (std::size_t i = 0; i <= limits::beats_per_message; ++i) writer.array(1).text("a");
  CHECK(beat_error(too_many).code == base::Code::too_large);
}

TEST_CASE("bytes behind the body are not taken for part of it", "[wire]") {
  const std::string body = one_beat([](Writer& w) { w.array(1).text("a"); });
  CHECK(beat_error(body + "\xC0").code == base::Code::bad_message);
}

TEST_CASE("fields and elements of a later version are ignored", "[wire]") {
  const std::string body = one_beat([](Writer& w) {
    w.array(5).text("a").u64(1).u64(2).map(2).text("colour").array(1).text("red").field("progress", 4).text("more");
  });
  CHECK(*check_beats(body, false) == 1);
}

TEST_CASE("backfill without an age is refused", "[wire]") {
  const std::string body = one_beat([](Writer& w) { w.array(3).text("a").u64(1).u64(2); });
  CHECK_FALSE(check_beats(body, true).ok());
}

TEST_CASE("a header of another version is told so, with the corr that it came with", "[wire]") {
  std::string frame;
  Writer(frame).array(4).u64(2).u64(1).u64(42).u64(1);
  IngestHeader header;
  const base::Status status = read_ingest_header(frame, header);
  REQUIRE_FALSE(status.ok());
  CHECK(status.error().code == base::Code::bad_version);
  CHECK(header.corr == 42);
}

TEST_CASE("a registration comes back equal", "[wire]") {
  Registration r;
  r.agent_id = "web-1";
  r.name = "Web one";
  r.labels = {{"host", "h1"}, {"team", "ops"}};
  r.capabilities = {"chat", "code"};
  r.interval_ms = 1000;
  r.schedule = "0 2 * * *";
  r.time_zone = "Europe/Rome";
  std::string bytes;
  Writer(r.metadata.emplace()).map(1).field("version", 3);
  Writer writer(bytes);
  write_registration(writer, r);
  Reader reader(bytes);
  Registration read;
  REQUIRE(read_registration(reader, read).ok());
  CHECK(read == r);
}

TEST_CASE("a command keeps the agent's type apart from its own", "[wire]") {
  Command command{"agent.expected", "anna", "new host", {}};
  command.agent.agent_id = "web-9";
  command.agent.type = "worker";
  std::string bytes;
  Writer writer(bytes);
  write_command(writer, command);
  Reader reader(bytes);
  Command read;
  REQUIRE(read_command(reader, read).ok());
  CHECK(read.type == "agent.expected");
  CHECK(read.agent.type == "worker");
  CHECK(read.by == "anna");
}

TEST_CASE("a stamped event carries the log's seq and time, whatever its maker wrote there", "[wire]") {
  std::string map;
  Writer(map)
      .map(4)
      .field("type", "agent.timeout")
      .field("agent_id", "web-1")
      .field("seq", 999)
      .field("cause", "silent");
  const std::string stamped = stamp_event(map, "agent.timeout", 7, base::log_time(123), 5, true);
  Event event;
  REQUIRE(read_event(stamped, event).ok());
  CHECK(event.seq == 7);
  CHECK(base::to_wire(event.time) == 123);
  CHECK(event.prev == 5);
  CHECK(event.provisional);
  std::string_view cause;
  CHECK(find_text(stamped, "cause", cause));
  CHECK(cause == "silent");
}

TEST_CASE("an agent cannot smuggle an event's own fields in with its beat", "[wire]") {
  std::string bytes;
  Writer(bytes).array(4).text("web-1").u64(1).u64(1).map(2).field("type", "agent.timeout").field("progress", 3);
  Reader reader(bytes);
  Beat beat;
  REQUIRE(read_beat(reader, beat).ok());
  Event event;
  const std::string stamped = stamp_beat(beat, 1, {}, 0);
  REQUIRE(read_event(stamped, event).ok());
  CHECK(event.type == "heartbeat.received");
}

TEST_CASE("a topic's prefix for one agent never catches another", "[wire]") {
  CHECK(topic("agent.timeout", "web-1") == "agent.timeout/web-1/");
  CHECK_FALSE(topic("agent.timeout", "web-10").starts_with(topic("agent.timeout", "web-1")));
}

TEST_CASE("a verdict's key is its kind, subject, evidence and ordinal", "[wire]") {
  Event a;
  a.type = "heartbeat.missed";
  a.agent_id = "web-1";
  a.evidence_seq = 9;
  a.ordinal = 1;
  Event b = a;
  b.as_of = 77;
  CHECK(verdict_key(a) == verdict_key(b));
  b.ordinal = 2;
  CHECK(verdict_key(a) != verdict_key(b));
}

TEST_CASE("a query of another version is told so with its corr", "[wire]") {
  std::string frame;
  Writer(frame).array(3).u64(9).text("agent").u64(77);
  QueryHeader header;
  const base::Status status = read_query_header(frame, header);
  REQUIRE_FALSE(status.ok());
  CHECK(status.error().code == base::Code::bad_version);
  CHECK(header.corr == 77);
}

TEST_CASE("a field of a verdict that comes four times does not stand for the other three", "[wire]") {
  std::string map;
  Writer writer(map);
  writer.map(6).field("type", "agent.timeout").field("agent_id", "web-1");
  for (int i = 0; i < 4; ++i) writer.field("evidence_seq", 9);
  Event event;
  REQUIRE(read_event(map, event).ok());
  CHECK_FALSE(event.is_verdict);
}

TEST_CASE("metadata nests no deeper than a reader follows it inside an answer", "[wire]") {
  for (std::size_t levels = 1; levels < 2 * limits::depth; ++levels) {
    INFO(levels << " levels");
    Registration r;
    r.agent_id = "web-1";
    r.metadata = "\x81\xA1k" + std::string(levels - 1, '\x91') + "\xC0";
    std::string bytes, page;
    Writer writer(bytes);
    write_registration(writer, r);
    Reader reader(bytes);
    Registration read;
    if (!read_registration(reader, read).ok()) {
      CHECK(levels > 8);
      continue;
    }
    // {"agents": [{"metadata": ...}]}
    Writer(page).map(1).text("agents").array(1).map(1).text("metadata").raw(*read.metadata);
    CHECK(Reader(page).skip());
  }
}

TEST_CASE("a time past what can be reckoned with is refused", "[wire]") {
  for (const std::uint64_t time : {std::uint64_t{1} << 62, ~std::uint64_t{0}}) {
    std::string header, entry, event;
    Writer(header).array(6).u64(limits::version).u64(1).u64(5).u64(6).u64(0).u64(time);
    BatchHeader batch;
    CHECK_FALSE(read_batch_header(header, batch).ok());
    append_entry(entry, {Kind::tick, 5, 1, base::log_time(time), 0, {}, "\x90"});
    Entry read;
    EntryList list(entry);
    CHECK_FALSE(list.next(read));
    CHECK_FALSE(list.status().ok());
    Writer(event).map(2).field("type", "agent.timeout").field("decided", time);
    Event verdict;
    CHECK_FALSE(read_event(event, verdict).ok());
  }
}
