// What lifesign-bench refuses, and the bytes that it sends.
#include "load/options.h"

#include <catch2/catch.hpp>

#include "load/messages.h"
#include "load/report.h"
#include "wire/beat.h"
#include "wire/ingest.h"

using namespace lifesign;
using namespace lifesign::load;
using namespace std::chrono_literals;

namespace {

std::string refusal(const Options& options) {
  const base::Status status = check(options);
  return status.ok() ? "" : status.error().message;
}

}  // namespace

TEST_CASE("options that cannot be kept are refused with what to do") {
  CHECK(refusal({}).empty());
  CHECK(refusal({.agents = 3, .connections = 4}).find("each connection needs an agent") != std::string::npos);
  CHECK(refusal({.agents = 100, .connections = 10, .batch = 16}).find("--agents 160") != std::string::npos);
  CHECK(refusal({.interval = 5ms}).find("10ms") != std::string::npos);
  CHECK(refusal({.interval = 10s, .duration = 20s, .die = 0.1}).find("longer --duration") != std::string::npos);
  CHECK(refusal({.duration = 2s, .die = 0.1}).empty());
  CHECK(refusal({.duration = 0s}).find("--duration") != std::string::npos);
}

TEST_CASE("endpoints that are not local are refused, as are those that belong to no running system") {
  CHECK(refusal({.ingest = "tcp://127.0.0.1:7400"}).empty());
  CHECK(refusal({.ingest = "tcp://10.0.0.1:7400"}).find("loopback") != std::string::npos);
  CHECK(refusal({.ingest = "tcp://127.0.0.1:1", .events = "tcp://example.org:1"}).find("--events") !=
        std::string::npos);
  CHECK(refusal({.events = "tcp://127.0.0.1:7401"}).find("--endpoint") != std::string::npos);
  CHECK(refusal({.receive = Receive::log, .ingest = "tcp://127.0.0.1:7400"}).find("--data") != std::string::npos);
}

TEST_CASE("what is not said is chosen so that it works") {
  CHECK(interval_of({}) == 10s);
  CHECK(interval_of({.duration = 10s, .die = 0.1}) == 2s);
  CHECK(interval_of({.interval = 3s, .die = 0.1}) == 3s);
  CHECK(window_of({.connections = 1}) == 4'096);
  CHECK(window_of({.connections = 10}) == 640);
  CHECK(window_of({.connections = 100}) == 64);
  CHECK(window_of({.connections = 1'000}) == 64);
  CHECK(window_of({.connections = 10'000}) == 6);
  CHECK(window_of({.connections = 20'000}) == 3);
  CHECK(rate_of({.agents = 1000, .interval = 2s, .rate_is_interval = true}) == 500);
  CHECK(notes_on({.agents = 1000, .interval = 2s, .rate = 100}).size() == 1);
  CHECK(notes_on({.agents = 1000, .interval = 2s, .rate_is_interval = true}).empty());
  CHECK(notes_on({.jitter = 1s}).size() == 1);
  CHECK(notes_on({.interval = 2s, .warmup = 1s, .die = 0.1, .rate_is_interval = true}).size() == 1);
  CHECK(notes_on({.interval = 2s, .warmup = 2s, .die = 0.1, .rate_is_interval = true}).empty());
}

TEST_CASE("messages are what the broker reads, and their agents are known again") {
  Messages messages("bench-a-", 20, 77);
  const Group group{.connection = 0, .first_agent = 12, .count = 4};
  const std::string body(messages.body(group, {.run_seq = 300, .interval_ms = 500, .sent_at = 9}));
  CHECK(wire::check_beats(body, false).value() == 4);
  wire::BeatList list(body);
  std::uint32_t expected = 12;
  for (wire::Beat beat; list.next(beat); ++expected) {
    std::uint32_t agent = 0;
    CHECK(messages.agent_of(beat.agent_id, agent));
    CHECK(agent == expected);
    CHECK(beat.run == 77);
    CHECK(beat.run_seq == 300);
    CHECK(beat.interval_ms == 500);
    CHECK(beat.sent_at == (expected == 12 ? 9 : 0));
  }
  CHECK(expected == 16);
  CHECK(wire::check_beats(messages.body(group, {.run_seq = 1}), false).value() == 4);
  std::uint32_t agent = 0;
  CHECK(!messages.agent_of("bench-a-0000020", agent));
  CHECK(!messages.agent_of("bench-b-0000001", agent));
  CHECK(!messages.agent_of("bench-a-00x", agent));
  wire::IngestHeader header;
  REQUIRE(wire::read_ingest_header(messages.header(wire::Kind::beats, 1000, wire::Ack::recorded), header).ok());
  CHECK(header.corr == 1000);
  CHECK(header.ack == wire::Ack::recorded);
}

TEST_CASE("what was not measured is null, and ratios are in beats") {
  Options options{.batch = 4};
  Results results;
  const auto bare = to_json(options, results);
  for (const char* name : {"recorded", "received", "recorded_per_s", "false_timeouts", "raw", "ratio"})
    CHECK(bare.at(name).is_null());
  CHECK(bare.at("ack_ms").at("p50").is_null());
  results.recorded_per_s = 100;
  results.watched = true;
  results.ack_us.record(1500);
  results.raw = Raw{.batch = 4, .zmq = {100}, .lmdb = {1, 50}, .lmdb_single = {5, 5}};
  const auto json = to_json(options, results);
  CHECK(json.at("false_timeouts") == 0);
  CHECK(json.at("ack_ms").at("p999") == 1.5);
  CHECK(json.at("ratio").at("recorded_to_zmq") == 0.25);
  CHECK(json.at("ratio").at("recorded_to_lmdb") == 0.5);
  CHECK(json.at("ratio").at("recorded_to_lmdb_single") == 5);
  CHECK(json.at("ratio").at("received_to_zmq").is_null());
  CHECK(to_text(options, results).find("false timeouts       0\n") != std::string::npos);
}
