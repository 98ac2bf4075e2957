// The broker's small pure parts: clock, drain, ring, acks, topics, connections, state file.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "broker/ack_book.h"
#include "broker/beat_topics.h"
#include "broker/clock.h"
#include "broker/connections.h"
#include "broker/drain.h"
#include "broker/key_window.h"
#include "broker/message.h"
#include "broker/ring.h"
#include "broker/state_file.h"
#include "wire/limits.h"

using namespace lifesign;
using namespace lifesign::broker;
using namespace std::chrono_literals;

namespace {

Reading reading(base::Micros boot, base::Micros wall) {
  return {boot, wall, boot};
}
const base::LogTime start = base::log_time(1'000'000'000);

Batch batch(std::uint64_t first, std::uint64_t next, std::size_t bytes = 10) {
  return {first, next, start, std::make_shared<const std::string>(bytes, 'x')};
}

}  // namespace

TEST_CASE("a wall clock that is set back moves log time not at all", "[broker][clock]") {
  Clock clock(start, reading(0s, 1000s));
  const auto step = clock.update(reading(10s, 1000s + 10s - 1h));
  REQUIRE(step);
  CHECK(step->step == -1h);
  CHECK(clock.now() >= start + 9950ms);
  CHECK(clock.now() <= start + 10s);
}

TEST_CASE("log time leans towards the wall clock by half a percent at most", "[broker][clock]") {
  Clock clock(start, reading(0s, 1000s));
  REQUIRE(clock.update(reading(1s, 1000s + 1s + 1h)));
  const base::LogTime before = clock.now();
  CHECK_FALSE(clock.update(reading(11s, 1000s + 11s + 1h)));
  CHECK(clock.now() - before == 10s + 50ms);
}

TEST_CASE("log time between two updates is never ahead of the next", "[broker][clock]") {
  Clock clock(start, reading(0s, 1000s - 1h));  // ahead of the wall clock: it is slewed back
  base::LogTime last = clock.now();
  for (int i = 1; i < 1000; ++i) {
    const base::LogTime between = clock.at(base::Micros(i * 1009 - 1));
    CHECK(between >= last);
    (void)clock.update(reading(base::Micros(i * 1009), 1000s - 1h + base::Micros(i * 1009)));
    CHECK(clock.now() >= between);
    last = clock.now();
  }
}

TEST_CASE("a suspend is told from the clock that goes on and the one that stands still", "[broker][clock]") {
  Clock clock(start, {0s, 1000s, 0s});
  (void)clock.update({3600s, 4600s, 10ms});
  CHECK(clock.suspended() == 3600s - 10ms);
}

TEST_CASE("within one boot log time goes on from the kept one, whatever the wall clock says", "[broker][state]") {
  State kept;
  kept.time = start;
  kept.boot = 100s;
  kept.boot_id = "same";
  CHECK(start_time(kept, reading(105s, 1s), "same") == start + 5s + 10ms);  // and what slewing may have added
  CHECK(start_time(kept, reading(3s, 0s), "other") == start + 2s);  // after a reboot with a clock that lags: never back
  CHECK(start_time(kept, reading(3s, 5000s), "other") == base::LogTime(5000s));
  CHECK(start_time(std::nullopt, reading(3s, 77s), "any") == base::LogTime(77s));
}

TEST_CASE("the state file comes back equal, and a strange one says what to do", "[broker][state]") {
  const State state{7, 99, start, 5s, "boot", 42, start};
  CHECK(read_state(write_state(state), "x").value() == state);
  for (const std::string& bad :
       {std::string(), std::string("lifesign-broker-state 2\nrun 1\n"), write_state(state).substr(0, 60)}) {
    const auto result = read_state(bad, "/data/broker.state");
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().message.find("/data/broker.state") != std::string::npos);
    CHECK(result.error().message.find("delete it") != std::string::npos);
  }
}

TEST_CASE("a state file with one byte changed is never taken for another state", "[broker][state]") {
  const State state{7, 99, start, 5s, "boot", 42, start};
  const std::string good = write_state(state);
  for (const std::string& bad :
       {std::string(good).replace(good.find("run 7"), 5, "run -"), std::string(good).replace(good.find("99"), 2, "-9"),
        std::string(good).replace(good.find("ceiling"), 7, "ceilinf"), good + "more"}) {
    INFO(bad);
    CHECK_FALSE(read_state(bad, "x").ok());
  }
  State late = state;
  late.time = base::LogTime::max();
  CHECK_FALSE(read_state(write_state(late), "x").ok());
}

TEST_CASE("a state that was written is there for the next start, and a late write never undoes a newer",
          "[broker][state]") {
  const auto dir = std::filesystem::temp_directory_path() / ("lifesign-state-" + std::to_string(::getpid()));
  std::filesystem::create_directories(dir);
  {
    StateFile file(dir / "broker.state");
    CHECK_FALSE(StateFile::load(dir / "broker.state").value().has_value());
    State state{1, 500, start, 0s, "b", 0, {}};
    REQUIRE(file.write_now(state).ok());
    CHECK(file.ceiling() == 500);
    state.ceiling = 400;
    REQUIRE(file.write_now(state).ok());
    CHECK(StateFile::load(dir / "broker.state").value()->ceiling == 500);
    REQUIRE(file.write_last(state).ok());
    CHECK(StateFile::load(dir / "broker.state").value()->ceiling == 400);
  }
  std::filesystem::remove_all(dir);
}

TEST_CASE("ticks come only with a time read before ingest was empty", "[broker][drain]") {
  Drain drain(5ms, 1s, start);
  CHECK_FALSE(drain.loop(start + 4ms, 0s));
  CHECK_FALSE(drain.drained(start + 4ms));
  CHECK_FALSE(drain.tick_due(start + 4ms));
  CHECK_FALSE(drain.loop(start + 20ms, 0s));
  CHECK_FALSE(drain.tick_due(start + 20ms));  // not drained since
  CHECK_FALSE(drain.drained(start + 21ms));
  CHECK(drain.tick_due(start + 21ms));
  CHECK(drain.last_drained() == start + 21ms);
}

TEST_CASE("after a stall ingest that looks empty is not believed until the loop has run for a while",
          "[broker][drain]") {
  Drain drain(5ms, 1s, start);
  (void)drain.loop(start + 10ms, 0s);
  (void)drain.drained(start + 10ms);
  CHECK_FALSE(drain.loop(start + 860ms, 0s));  // 850 ms, too short for a blind span
  CHECK_FALSE(drain.drained(start + 860ms));   // ZeroMQ's thread stood still as well, and may not have read yet
  CHECK_FALSE(drain.tick_due(start + 860ms));
  CHECK(drain.last_drained() == start + 10ms);
  for (int ms = 865; ms < 1110; ms += 5) (void)drain.loop(start + std::chrono::milliseconds(ms), 0s);
  const auto span = drain.drained(start + 1111ms);
  REQUIRE(span);  // longer than a second undrained by now
  CHECK(span->from == start + 10ms);
  CHECK(drain.tick_due(start + 1111ms));
}

TEST_CASE("where beats were refused for want of room, even a short stretch is blind", "[broker][drain]") {
  Drain drain(5ms, 1s, start);
  (void)drain.loop(start + 10ms, 0s);
  (void)drain.drained(start + 10ms);
  drain.lost_beats();
  const auto span = drain.drained(start + 30ms);
  REQUIRE(span);
  CHECK(span->from == start + 10ms);
  CHECK(span->to == start + 30ms);
  CHECK_FALSE(drain.drained(start + 40ms));
}

TEST_CASE("a loop that stood still is a blind span from the last drained moment", "[broker][drain]") {
  Drain drain(5ms, 1s, start);
  (void)drain.loop(start + 10ms, 0s);
  (void)drain.drained(start + 10ms);
  const auto span = drain.loop(start + 60s, 0s);
  REQUIRE(span);
  CHECK(span->cause == "pause");
  CHECK(span->from == start + 10ms);
  CHECK(span->to == start + 60s);
  CHECK_FALSE(drain.drained(start + 60s + 300ms));  // told once
  CHECK(drain.loop(start + 3660s, 3599s)->cause == "suspend");
}

TEST_CASE("no tick is due at the moment at which a pause was noticed", "[broker][drain]") {
  Drain drain(5ms, 1s, start);
  (void)drain.loop(start + 10ms, 0s);
  (void)drain.drained(start + 10ms);
  REQUIRE(drain.loop(start + 5s, 0s));  // a pause
  (void)drain.drained(start + 5s);      // looks empty within the same microsecond
  CHECK_FALSE(drain.tick_due(start + 5s));
}

TEST_CASE("not keeping up for longer than the bound is blindness by overload", "[broker][drain]") {
  Drain drain(5ms, 1s, start);
  for (int i = 1; i <= 300; ++i) CHECK_FALSE(drain.loop(start + i * 10ms, 0s));
  const auto span = drain.drained(start + 3s);
  REQUIRE(span);
  CHECK(span->cause == "overload");
  CHECK(span->from == start);
}

TEST_CASE("the ring drops the oldest and numbers batches for ever", "[broker][ring]") {
  Ring ring(1000);
  for (std::uint64_t seq = 1; seq <= 100; seq += 10) ring.push(batch(seq, seq + 10, 100));
  CHECK(ring.bytes() <= 1000);
  CHECK(ring.first_index() + ring.evicted() == 2 * ring.first_index());
  CHECK(ring.end_index() == 10);
  CHECK(ring.find(95) == 9);
  CHECK(ring.find(91) == 9);
  CHECK(ring.find(101) == ring.end_index());
  CHECK(ring.find(1) == ring.first_index());
}

TEST_CASE("acks are released in order and expire each at its own deadline", "[broker][acks]") {
  AckBook book(10);
  book.add({"a", 1, 1, 5, start, start + 9s, false});
  book.add({"b", 2, 6, 6, start, start + 2s, false});
  std::vector<std::uint64_t> released, expired;
  book.release(4, [&](const Waiting& w) { released.push_back(w.corr); });
  CHECK(released.empty());
  book.expire(start + 3s, [&](const Waiting& w) { expired.push_back(w.corr); });
  CHECK(expired == std::vector<std::uint64_t>{2});
  book.release(6, [&](const Waiting& w) { released.push_back(w.corr); });
  CHECK(released == std::vector<std::uint64_t>{1});  // b was answered already
  CHECK(book.size() == 0);
}

TEST_CASE("replies that are ready together go to each connection in one message, in order", "[broker][acks]") {
  Replies replies;
  for (std::uint64_t corr = 1; corr <= 6; ++corr)
    replies.add(corr % 2 == 0 ? "even" : "odd", {.code = "recorded", .corr = corr, .first_seq = 100 + corr});
  std::vector<std::pair<std::string, std::vector<std::uint64_t>>> all;
  for (const OutgoingReplies& message : replies) {
    auto& corrs = all.emplace_back(message.to, std::vector<std::uint64_t>()).second;
    wire::Reply reply;
    for (wire::Bytes rest = message.bytes; !rest.empty();) {
      REQUIRE(wire::read_reply(rest, reply).ok());
      CHECK(reply.first_seq == 100 + reply.corr);
      corrs.push_back(reply.corr);
    }
    CHECK(message.count == corrs.size());
  }
  CHECK(all == decltype(all){{"odd", {1, 3, 5}}, {"even", {2, 4, 6}}});
  replies.clear();
  CHECK(replies.empty());
}

TEST_CASE("a message of replies is closed at its bound, and no reply is left out", "[broker][acks]") {
  Replies replies;
  for (std::uint64_t corr = 1; corr <= 1000; ++corr) replies.add("a", {.code = "recorded", .corr = corr});
  std::uint64_t next = 1;
  for (const OutgoingReplies& message : replies) {
    CHECK(message.bytes.size() < wire::limits::replies_bytes + 100);
    wire::Reply reply;
    for (wire::Bytes rest = message.bytes; !rest.empty(); ++next) {
      REQUIRE(wire::read_reply(rest, reply).ok());
      CHECK(reply.corr == next);
    }
  }
  CHECK(next == 1001);
}

TEST_CASE("the window of keys forgets the oldest", "[broker]") {
  KeyWindow window(2);
  CHECK(window.insert("a"));
  CHECK_FALSE(window.insert("a"));
  CHECK(window.insert("b"));
  CHECK(window.insert("c"));
  CHECK(window.insert("a"));
  CHECK(window.size() == 2);
}

TEST_CASE("beats become events only for topics that somebody wants", "[broker][topics]") {
  BeatTopics topics(2);
  CHECK(topics.none());
  topics.apply("\x01heartbeat.received/web-1/");
  CHECK(topics.wants("web-1"));
  CHECK_FALSE(topics.wants("web-10"));
  topics.apply("\x01heartbeat.received/db-");
  CHECK(topics.wants("db-7"));
  topics.apply(
      "\x01"
      "agent.timeout/");
  CHECK_FALSE(topics.wants("other"));
  topics.apply("\x01");
  CHECK(topics.wants("other"));
  topics.apply(std::string_view("\0", 1));
  CHECK_FALSE(topics.wants("other"));
  topics.apply("\x01heartbeat.received/web-2/");
  topics.apply("\x01heartbeat.received/web-3/");
  CHECK(topics.refused() == 1);
  topics.apply(std::string_view("\0heartbeat.received/web-1/", 26));
  CHECK_FALSE(topics.wants("web-1"));
}

TEST_CASE("a descriptor that is used again closes the old connection and spares the new", "[broker][connections]") {
  Connections connections;
  connections.opened(11, 5, "10.0.0.1");
  connections.opened(12, 5, "10.0.0.2");  // 11 closed, and the monitor has yet to say so
  CHECK(connections.take_closed() == std::vector<std::uint32_t>{11});
  connections.fd_closed(5);  // that was 11's
  CHECK(connections.take_closed().empty());
  REQUIRE(connections.find(12) != nullptr);
  CHECK(connections.find(12)->peer == "10.0.0.2");
  connections.fd_closed(5);
  CHECK(connections.take_closed() == std::vector<std::uint32_t>{12});
  connections.fd_closed(99);
  CHECK(connections.take_closed().empty());
}

TEST_CASE("a routing id gives its connection's number, and never 0", "[broker][connections]") {
  CHECK(connection_number(std::string_view("\0\0\0\1\2", 5)) == 258);
  CHECK(connection_number(std::string_view("\0\0\0\0\0", 5)) != 0);
  CHECK(connection_number("chosen-by-peer") != connection_number("chosen-by-peer2"));
}
