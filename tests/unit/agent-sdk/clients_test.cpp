// Query, Commands and Subscriber against stand-ins for the recorder and the broker.
#include <catch2/catch.hpp>

#include "fake_services.h"
#include "lifesign/lifesign.h"
#include "wire/registration.h"

namespace lifesign {
namespace {

using namespace std::chrono_literals;
using test::event;
using test::FakeServer;
using test::Feed;
using test::Frames;
using test::ok;
using test::recorder;
using test::tick;

std::string one_agent(std::string_view status) {
  std::string out;
  wire::Writer(out).map(1).text("agent").map(1).field("status", status);
  return out;
}

TEST_CASE("a query is answered with the recorder's map", "[query]") {
  auto server = recorder([](auto method, auto corr, const Value& params) -> std::optional<Frames> {
    if (method != "agent" || params["agent_id"].text_or("") != "web-1") return std::nullopt;
    return ok(corr, one_agent("active"));
  });
  Query query({.endpoint = server.endpoint()});
  const auto agent = query.agent("web-1");
  REQUIRE(agent.ok());
  CHECK((*agent)["status"].text() == "active");
}

TEST_CASE("filters and cursors reach the recorder", "[query]") {
  auto server = recorder([](auto, auto corr, const Value& params) -> std::optional<Frames> {
    std::string out;
    wire::Writer(out).map(2).text("params").raw(params.packed()).text("cursor").text("further");
    return ok(corr, out);
  });
  Query query({.endpoint = server.endpoint()});
  auto page = query.agents({.status = "late", .labels = {{"zone", "a"}}, .limit = 7});
  REQUIRE(page.ok());
  CHECK(to_json((*page)["params"]) == R"({"status":"late","labels":{"zone":"a"},"limit":7})");
  page = query.agents({.cursor = (*page)["cursor"]});
  CHECK(to_json((*page)["params"]) == R"({"limit":100,"cursor":"further"})");
  page = query.beats({.agent_id = "web-1", .from = time_of(5), .limit = 2});
  CHECK(to_json((*page)["params"]) == R"({"agent_id":"web-1","from":5,"limit":2})");
  page = query.events({.since = 3, .until = 9, .types = {"agent.timeout"}});
  CHECK(to_json((*page)["params"]) == R"({"since":3,"until":9,"types":["agent.timeout"],"limit":100})");
}

TEST_CASE("the recorder's error is the caller's", "[query]") {
  auto server = recorder([](auto, auto corr, const Value&) -> std::optional<Frames> {
    std::string out;
    wire::Writer(out).map(1).field("message", std::string_view("no agent \"x\""));
    return Frames{wire::write_query_header({"not_found", corr}), out};
  });
  const auto agent = Query({.endpoint = server.endpoint()}).agent("x");
  REQUIRE_FALSE(agent.ok());
  CHECK(agent.error().code == Code::not_found);
  CHECK(agent.error().message == "no agent \"x\"");
}

TEST_CASE("an answer to another question is passed over", "[query]") {
  auto server = recorder([](auto, auto corr, const Value&) -> std::optional<Frames> { return ok(corr + 1, "\x80"); });
  const auto totals = Query({.endpoint = server.endpoint(), .timeout = 100ms}).totals();
  REQUIRE_FALSE(totals.ok());
  CHECK(totals.error().code == Code::timed_out);
}

TEST_CASE("an attempt without an answer is repeated on a fresh socket", "[query]") {
  std::atomic<int> asked{0};
  auto server = recorder([&](auto, auto corr, const Value&) -> std::optional<Frames> {
    if (++asked < 3) return std::nullopt;
    return ok(corr, "\x80");
  });
  CHECK(Query({.endpoint = server.endpoint(), .timeout = 20s, .attempt = 30ms}).status().ok());
  CHECK(asked >= 3);
}

TEST_CASE("with no recorder a query ends at its timeout", "[query]") {
  const auto totals = Query({.endpoint = "tcp://127.0.0.1:9", .timeout = 30ms}).totals();
  REQUIRE_FALSE(totals.ok());
  CHECK(totals.error().code == Code::timed_out);
  CHECK(Query({.endpoint = "nonsense"}).totals().error().code == Code::invalid_config);
}

TEST_CASE("a command carries the token, who and why", "[commands]") {
  test::FakeBroker broker;
  Commands commands({.endpoint = broker.endpoint(), .token = "secret"});
  Registration registration;
  registration.type = "worker";
  registration.interval = 10s;
  const auto receipt = commands.expect("web-9", registration, {.by = "ada", .why = "new machine"});
  REQUIRE(receipt.ok());
  CHECK(receipt->level == Ack::recorded);
  REQUIRE(commands.retire("web-9", {}).ok());
  REQUIRE(commands.forget("web-9", {}).ok());
  const auto seen = broker.wait([](const auto& all) { return all.size() == 3; });
  CHECK(seen[0].kind == wire::Kind::command);
  CHECK(seen[0].token == "secret");
  std::vector<std::string> types;
  for (const auto& s : seen) {
    wire::Reader reader(s.body);
    std::uint32_t count = 0;
    REQUIRE(reader.array(count));
    wire::Command command;
    REQUIRE(wire::read_command(reader, command).ok());
    CHECK(command.agent.agent_id == "web-9");
    types.push_back(command.type);
    if (types.size() > 1) continue;
    CHECK(command.by == "ada");
    CHECK(command.why == "new machine");
    CHECK(command.agent.type == "worker");
    CHECK(command.agent.interval_ms == 10'000u);
  }
  CHECK(types == std::vector<std::string>{"agent.expected", "agent.stopped", "agent.forgotten"});
}

TEST_CASE("a script's beat, registration and goodbye need no run", "[commands]") {
  test::FakeBroker broker;
  Commands commands({.endpoint = broker.endpoint(), .ack = Ack::received});
  BeatFields fields;
  fields.interval = 10s;
  fields.progress = 3;
  const auto receipt = commands.beat("cron-1", fields);
  REQUIRE(receipt.ok());
  CHECK(receipt->level == Ack::received);
  REQUIRE(commands.register_agent("cron-1", {}).ok());
  REQUIRE(commands.goodbye("cron-1", "done").ok());
  const auto seen = broker.wait([](const auto& all) { return all.size() == 3; });
  CHECK(seen[0].beats.at(0).run == 0);
  CHECK(seen[0].beats.at(0).interval_ms == 10'000);
  CHECK(seen[0].beats.at(0).progress == 3);
  CHECK(commands.beat("a/b").error().code == Code::invalid_agent_id);
  fields.activity = std::string(65, 'x');
  CHECK(commands.beat("cron-1", fields).error().code == Code::invalid_value);
}

TEST_CASE("a broker that is not there, that is silent and that refuses are told apart", "[commands]") {
  CHECK(Commands({.endpoint = "tcp://127.0.0.1:9", .timeout = 30ms}).beat("a").error().code == Code::disconnected);
  test::FakeBroker broker;
  broker.answer_with([](const auto&) { return "silence"; });
  CHECK(Commands({.endpoint = broker.endpoint(), .timeout = 300ms}).beat("a").error().code == Code::timed_out);
  broker.answer_with([](const auto&) { return "not_allowed"; });
  CHECK(Commands({.endpoint = broker.endpoint()}).retire("a", {}).error().code == Code::not_allowed);
}

// ---- Subscriber, with real sockets; its logic has tests of its own

// The recorder's events of one type, by seq; pages of two.
FakeServer history(std::vector<std::uint64_t> seqs) {
  return recorder([seqs](auto, auto corr, const Value& params) -> std::optional<Frames> {
    std::vector<std::uint64_t> page;
    for (const std::uint64_t seq : seqs)
      if (seq > params["since"].u64_or(0) && seq <= params["until"].u64_or(~0ull) && page.size() < 2)
        page.push_back(seq);
    std::string out;
    wire::Writer writer(out);
    writer.map(3).text("events").array(page.size());
    for (const std::uint64_t seq : page) writer.raw(event("agent.timeout", seq, 0));
    writer.field("recorded", std::uint64_t{1'000}).text("next");
    page.size() == 2 ? writer.u64(page.back()) : writer.nil();
    return ok(corr, out);
  });
}

std::uint64_t next_seq(Subscriber& events) {
  const auto item = events.next(20s);
  REQUIRE(item.ok());
  REQUIRE(item->has_value());
  REQUIRE(std::holds_alternative<Event>(**item));
  return std::get<Event>(**item).seq;
}

TEST_CASE("a subscriber delivers events and fills a gap from the recorder", "[subscriber]") {
  Feed feed;
  auto server = history({12, 13, 14, 15});
  Subscriber events(
      {.events_endpoint = feed.endpoint, .query_endpoint = server.endpoint(), .types = {"agent.timeout"}});
  feed.subscribed(2);
  feed.publish("tick//", tick(1, 10, "agent.timeout", 5));
  feed.publish("agent.timeout/web-1/", event("agent.timeout", 11, 5));
  feed.publish("agent.timeout/web-1/", event("agent.timeout", 20, 15));
  for (const std::uint64_t seq : {11, 12, 13, 14, 15, 20}) CHECK(next_seq(events) == seq);
  CHECK(events.stats().filled == 1);
  CHECK(events.stats().fetched == 4);
  CHECK(events.stats().broker_run == 1);
  const auto nothing = events.next(0ms);
  REQUIRE(nothing.ok());
  CHECK_FALSE(nothing->has_value());
}

TEST_CASE("a subscriber with since gets history first, then live", "[subscriber]") {
  Feed feed;
  auto server = history({2, 4, 6, 8});
  Subscriber events(
      {.events_endpoint = feed.endpoint, .query_endpoint = server.endpoint(), .types = {"agent.timeout"}, .since = 2});
  feed.subscribed(2);
  feed.publish("tick//", tick(1, 10, "agent.timeout", 8));
  feed.publish("agent.timeout/web-1/", event("agent.timeout", 11, 8));
  for (const std::uint64_t seq : {4, 6, 8, 11}) CHECK(next_seq(events) == seq);
}

TEST_CASE("a subscriber says what it could not get", "[subscriber]") {
  Feed feed;
  Subscriber events({.events_endpoint = feed.endpoint,
                     .query_endpoint = "tcp://127.0.0.1:9",
                     .types = {"agent.timeout"},
                     .fill_timeout = 50ms});
  feed.subscribed(2);
  feed.publish("tick//", tick(1, 10, "agent.timeout", 5));
  feed.publish("agent.timeout/web-1/", event("agent.timeout", 20, 15));
  const auto item = events.next(20s);
  REQUIRE(item.ok());
  REQUIRE(item->has_value());
  const Gap& gap = std::get<Gap>(**item);
  CHECK(gap.since == 5);
  CHECK(gap.until == 15);
  CHECK(gap.types == std::vector<std::string>{"agent.timeout"});
  CHECK(gap.reason.code == Code::timed_out);
  CHECK(next_seq(events) == 20);
}

TEST_CASE("messages that are no events are counted and passed over", "[subscriber]") {
  Feed feed;
  Subscriber events(
      {.events_endpoint = feed.endpoint, .query_endpoint = "tcp://127.0.0.1:9", .types = {"agent.timeout"}});
  feed.subscribed(2);
  feed.publish("agent.timeout/web-1/", "\xc1");
  feed.publish("tick//", "\x80");
  feed.publish("agent.timeout/web-1/", event("agent.timeout", 3, 0));
  CHECK(next_seq(events) == 3);
  CHECK(events.stats().bad == 2);
}

TEST_CASE("a subscriber that cannot work says so at next", "[subscriber]") {
  CHECK(Subscriber({.types = {"a/b"}}).next(0ms).error().code == Code::invalid_config);
  CHECK(Subscriber({.types = {"tick"}}).next(0ms).error().code == Code::invalid_config);
  CHECK(Subscriber({.agent_ids = {""}}).next(0ms).error().code == Code::invalid_config);
  CHECK(Subscriber({.events_endpoint = "nonsense"}).next(0ms).error().code == Code::invalid_config);
}

}  // namespace
}  // namespace lifesign
