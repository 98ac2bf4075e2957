// The other way round: brokers and recorders that send nonsense to recorder, watchdog and library.
#include <catch2/catch.hpp>

#include "lifesign/agent.h"
#include "process/bad_server.h"

using namespace lifesign;
using namespace lifesign::tests;
using namespace std::chrono_literals;
using wire::Writer;

namespace {

void check_alive(Child& child) {
  CHECK(child.running());
  CHECK((sanitized || child.resident_bytes() < 256 << 20));
}

}  // namespace

TEST_CASE("a recorder whose broker sends nonsense goes on answering", "[process][bad]") {
  BadServer log(log_nonsense), ingest(reply_nonsense);
  System system("bad-broker");
  system.option("recorder", "broker-log", log.endpoint());
  system.option("recorder", "broker-ingest", ingest.endpoint());
  system.start("recorder");
  REQUIRE(eventually([&] { return std::filesystem::exists(system.dir() / "recorder.endpoints"); }));
  Query query = system.query();
  REQUIRE(eventually([&] {
    const auto status = query.status();
    REQUIRE(status.ok());
    return (*status)["counters"]["protocol_errors"].u64_or(0) >= 5;
  }));
  CHECK(query.totals().ok());
  check_alive(system.child("recorder"));
  CHECK(system.stop("recorder") == 0);
}

TEST_CASE("a watchdog whose broker and recorder send nonsense lives, and asks again", "[process][bad]") {
  BadServer log(log_nonsense), ingest(reply_nonsense), query(answer_nonsense);
  System system("bad-all");
  system.option("watchdog", "broker-log", log.endpoint());
  system.option("watchdog", "broker-ingest", ingest.endpoint());
  system.option("watchdog", "recorder-query", query.endpoint());
  system.start("watchdog");
  REQUIRE(eventually([&] { return query.sent() > 200 && ingest.sent() > 100; }));
  check_alive(system.child("watchdog"));
  CHECK(system.stop("watchdog") == 0);

  // And with a recorder that is sound, so that it reads the log: nonsense after a good snapshot.
  System good("bad-log-only");
  good.option("watchdog", "broker-log", log.endpoint());
  good.start("broker");
  REQUIRE(eventually([&] { return std::filesystem::exists(good.dir() / "broker.endpoints"); }));
  good.start("recorder");
  REQUIRE(eventually([&] { return std::filesystem::exists(good.dir() / "recorder.endpoints"); }));
  good.start("watchdog");
  Commands commands = good.commands();
  REQUIRE(eventually([&] {
    const auto status = commands.status();
    REQUIRE(status.ok());
    return (*status)["services"]["watchdog"]["counters"]["rebuilds"].u64_or(0) >= 3;
  }));
  check_alive(good.child("watchdog"));
  CHECK(commands.beat("x").ok());
}

TEST_CASE("the library survives servers that send nonsense, and keeps its deadlines", "[process][bad]") {
  BadServer ingest(reply_nonsense), query(answer_nonsense);
  const auto within = [](std::chrono::seconds most, const std::function<void()>& call) {
    const auto began = std::chrono::steady_clock::now();
    call();
    CHECK(std::chrono::steady_clock::now() - began < most);
  };
  for (int i = 0; i < 30; ++i) {
    Query asking({.endpoint = query.endpoint(), .timeout = 500ms, .attempt = 200ms});
    within(5s, [&] { (void)asking.totals(); });
    within(5s, [&] { (void)asking.agent("x"); });
    within(5s, [&] { (void)asking.events({}); });
    Commands commands({.endpoint = ingest.endpoint(), .timeout = 500ms});
    within(5s, [&] { (void)commands.beat("x"); });
    within(5s, [&] { (void)commands.status(); });
  }
  auto agent = Agent::start({.id = "x", .endpoint = ingest.endpoint(), .interval = 20ms});
  REQUIRE(agent.ok());
  for (int i = 0; i < 5; ++i) within(5s, [&] { (void)(*agent)->beat_recorded(300ms); });
  REQUIRE(eventually([&] { return ingest.sent() > 2000; }));
  within(5s, [&] { agent->reset(); });
}

TEST_CASE("a subscriber whose broker publishes nonsense counts it and goes on", "[process][bad]") {
  BadServer query(answer_nonsense);
  zmq::context_t context;
  zmq::socket_t events(context, zmq::socket_type::pub);
  events.set(zmq::sockopt::linger, 0);
  events.bind("tcp://127.0.0.1:*");
  Subscriber subscriber({.events_endpoint = events.get(zmq::sockopt::last_endpoint),
                         .query_endpoint = query.endpoint(),
                         .types = {"agent.timeout"},
                         .fill_timeout = 200ms});
  std::mt19937_64 random(20261125);
  const auto publish = [&](const std::string& topic, const std::string& body) {
    events.send(zmq::buffer(topic), zmq::send_flags::sndmore);
    events.send(zmq::buffer(body), random() % 10 == 0 ? zmq::send_flags::sndmore : zmq::send_flags::none);
    if (random() % 10 == 0) events.send(zmq::str_buffer("more"), zmq::send_flags::none);
  };
  REQUIRE(eventually([&] {
    for (int i = 0; i < 200; ++i) {
      const std::string event = pack([&](Writer& w) {
        w.map(5).field("type", std::string_view("agent.timeout")).field("seq", odd(random, 7)).field("time", 1);
        w.field("prev", odd(random, 3)).field("agent_id", std::string_view("x"));
      });
      const std::string tick = pack([&](Writer& w) {
        w.map(6).field("type", std::string_view("tick")).field("seq", odd(random, 9)).field("recorded", odd(random, 9));
        w.field("time", 1)
            .field("broker_run", odd(random, 1))
            .text("last")
            .map(1)
            .field("agent.timeout", odd(random, 7));
      });
      publish("agent.timeout/x/", random() % 2 == 0 ? event : damaged(random, event));
      publish("tick//", random() % 2 == 0 ? tick : damaged(random, tick));
    }
    const auto item = subscriber.next(100ms);
    REQUIRE(item.ok());
    return subscriber.stats().bad > 1000;
  }));
}
