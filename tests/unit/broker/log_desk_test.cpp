// The log desk over real sockets, with a sequencer driven by hand.
#include "broker/log_desk.h"

#include <spdlog/sinks/null_sink.h>

#include <catch2/catch.hpp>

#include "wire/writer.h"

using namespace lifesign;
using namespace lifesign::broker;
using namespace std::chrono_literals;

namespace {

const base::LogTime start = base::log_time(1'700'000'000'000'000);

struct World {
  Counters counters = make_counters();
  Sequencer sequencer;
  telemetry::Log log{"test", std::make_shared<spdlog::sinks::null_sink_mt>()};
  zmq::context_t context;
  net::Gate gate{100};
  std::optional<LogDesk> desk;
  Outbox out;
  base::LogTime now = start;

  explicit World(std::uint64_t ring_bytes = 1 << 20) : sequencer({.ring_bytes = ring_bytes}, "secret", counters) {
    sequencer.set_ceiling(1'000'000'000);
    sequencer.open_run(1, 100, start, start, out);
    sequencer.cut();
    auto bound = LogDesk::bind(context, "tcp://127.0.0.1:*", "--log", sequencer, counters, log, gate);
    REQUIRE(bound.ok());
    desk.emplace(std::move(bound).value());
  }

  void beats(int messages) {
    std::string body;
    wire::Writer(body).array(1).array(1).text("web-1");
    for (int i = 0; i < messages; ++i) {
      Request request;
      request.from = "peer";
      request.header.kind = wire::Kind::beats;
      request.body = body;
      sequencer.take(request, now, out);
      sequencer.cut();
    }
  }
};

struct Client {
  World& world;
  zmq::socket_t socket;
  std::vector<zmq::message_t> frames;

  explicit Client(World& w) : world(w), socket(net::make_socket(w.context, net::Use::log_client)) {
    REQUIRE(net::connect(socket, w.desk->endpoint()).ok());
  }
  // Serves the desk until `socket` has a message, or `most` turns have passed with none.
  bool receive(int most = 2000) {
    std::size_t overrun = 0;
    for (int turn = 0; turn < most; ++turn) {
      world.desk->answer(64, world.now, world.out);
      world.desk->send(world.now);
      if (net::receive(socket, frames, 2, overrun)) return true;
      zmq::pollitem_t item{socket.handle(), 0, ZMQ_POLLIN, 0};
      zmq::poll(&item, 1, 1ms);
    }
    return false;
  }
  void send(const wire::LogRequest& request) {
    const std::string bytes = wire::write_log_request(request);
    for (int turn = 0; turn < 2000; ++turn) {
      if (net::send(socket, {bytes})) return;
      zmq::pollitem_t item{socket.handle(), 0, ZMQ_POLLOUT, 0};
      zmq::poll(&item, 1, 1ms);
    }
    FAIL("the client never connected");
  }
  void start_at(std::uint64_t seq, std::string_view role = "test", std::uint64_t credit = 1 << 20) {
    send({.value = seq, .token = "secret", .role = role, .credit = credit});
  }
  wire::BatchHeader batch() {
    REQUIRE(receive());
    REQUIRE(frames.size() == 2);
    wire::BatchHeader header;
    REQUIRE(wire::read_batch_header(net::view(frames[0]), header).ok());
    return header;
  }
  std::string error() {
    REQUIRE(receive());
    REQUIRE(frames.size() == 1);
    wire::LogError error;
    REQUIRE(wire::read_log_error(net::view(frames[0]), error).ok());
    return std::string(error.code);
  }
};

}  // namespace

TEST_CASE("a consumer gets the log from where it asks, in order", "[broker][log]") {
  World world;
  world.beats(5);
  Client client(world);
  client.start_at(103);
  for (std::uint64_t seq = 103; seq < 106; ++seq) CHECK(client.batch().first_seq == seq);
  world.beats(1);
  CHECK(client.batch().first_seq == 106);
}

TEST_CASE("a tick that rides along never speaks of a record that has no batch yet", "[broker][log]") {
  World world;
  world.sequencer.tick(world.now, world.out);  // the first is a record
  world.sequencer.cut();
  Client client(world);
  client.start_at(101, "watchdog");
  CHECK(client.batch().next_seq == 102);
  world.sequencer.tick(world.now + 5ms, world.out);
  world.sequencer.cut();
  world.sequencer.clock_stepped(1s, 1s, world.now + 6ms);  // as log.gap is, between the cut and what is sent
  const wire::BatchHeader ticks = client.batch();
  CHECK(ticks.first_seq == 102);
  CHECK(ticks.next_seq == 102);
  CHECK(ticks.time == world.now + 5ms);
  world.sequencer.cut();
  for (wire::BatchHeader next = client.batch();; next = client.batch()) {
    CHECK(next.first_seq == 102);
    if (next.next_seq == 103) break;  // the ticks were sent more than once, since the desk was asked more than once
  }
}

TEST_CASE("without credit nothing is sent, and with more it goes on", "[broker][log]") {
  World world;
  world.beats(5);
  Client client(world);
  client.start_at(101, "test", 1);
  CHECK(client.batch().first_seq == 101);  // credit may be passed by one batch
  CHECK_FALSE(client.receive(50));
  client.send({.type = wire::LogRequest::Type::credit, .value = 1});
  CHECK(client.batch().first_seq == 102);
  CHECK_FALSE(client.receive(50));
}

TEST_CASE("what left memory is told with the oldest that is there", "[broker][log]") {
  World world(2000);
  world.beats(200);
  Client client(world);
  client.start_at(101);
  CHECK(client.error() == "too_old");
}

TEST_CASE("a consumer that falls out of the ring is cut off and told", "[broker][log]") {
  World world(2000);
  Client client(world);
  client.start_at(0, "slow", 1);
  client.batch();
  world.beats(200);
  CHECK(client.error() == "too_slow");
  CHECK(world.desk->sessions() == 0);
}

TEST_CASE("a wrong token opens no session", "[broker][log]") {
  World world;
  Client client(world);
  client.send({.value = 0, .token = "guess", .role = "recorder"});
  CHECK(client.error() == "not_allowed");
  CHECK_FALSE(world.sequencer.has_recorder());
}

TEST_CASE("what the recorder lacks and memory has lost is a gap that everybody is told of", "[broker][log]") {
  World world(2000);
  Client recorder(world);
  recorder.start_at(100, "recorder");
  recorder.batch();
  recorder.send({.type = wire::LogRequest::Type::recorded, .value = 100});
  for (int turn = 0; turn < 2000 && world.sequencer.recorded() < 100; ++turn) recorder.receive(1);
  REQUIRE(world.sequencer.recorded() == 100);
  world.beats(200);  // falls out
  REQUIRE(recorder.error() == "too_slow");
  recorder.start_at(101, "recorder");
  const wire::BatchHeader first = recorder.batch();
  CHECK(first.first_seq > 101);
  CHECK(world.counters[Count::log_gaps] == 1);
  CHECK(world.sequencer.next_seq() == 302);  // the gap itself is a record
}

TEST_CASE("a second recorder is refused while the first lives, and taken once it is gone", "[broker][log]") {
  World world;
  std::optional<Client> first(world);
  first->start_at(100, "recorder");
  first->batch();
  Client second(world);
  second.start_at(100, "recorder");
  CHECK(second.error() == "busy");
  first.reset();
  bool taken = false;
  for (int tries = 0; tries < 1000 && !taken; ++tries) {
    second.start_at(100, "recorder");
    REQUIRE(second.receive());
    taken = second.frames.size() == 2;
  }
  CHECK(taken);
}

TEST_CASE("only the recorder says what is recorded, and never more than was given out", "[broker][log]") {
  World world;
  Client other(world);
  other.start_at(100, "watchdog");
  other.batch();
  other.send({.type = wire::LogRequest::Type::recorded, .value = 100});
  CHECK(other.error() == "not_allowed");
  Client recorder(world);
  recorder.start_at(100, "recorder");
  recorder.batch();
  recorder.send({.type = wire::LogRequest::Type::recorded, .value = 101});
  CHECK(recorder.error() == "invalid_value");
  CHECK(world.sequencer.recorded() == 99);
}

TEST_CASE("a recorder that is ahead asks for a new run above its position", "[broker][log]") {
  World world;
  Client recorder(world);
  recorder.start_at(5001, "recorder");
  bool ahead = false;
  for (int turn = 0; turn < 2000 && !ahead; ++turn) {
    ahead = world.desk->answer(64, world.now, world.out);
    zmq::pollitem_t item{world.desk->socket().handle(), 0, ZMQ_POLLIN, 0};
    zmq::poll(&item, 1, 1ms);
  }
  REQUIRE(ahead);
  CHECK(world.desk->ahead_of() == 5001);
}

TEST_CASE("seqs of another run are never taken for this one's, even when this one has passed them", "[broker][log]") {
  World world;  // run 1 gave out 100 and more; the recorder holds up to 149 of a run that this broker knows nothing of
  world.beats(100);
  Client recorder(world);
  recorder.send({.value = 150, .token = "secret", .role = "recorder", .ticks = false, .broker_run = 77});
  bool ahead = false;
  for (int turn = 0; turn < 2000 && !ahead; ++turn) {
    ahead = world.desk->answer(64, world.now, world.out);
    zmq::pollitem_t item{world.desk->socket().handle(), 0, ZMQ_POLLIN, 0};
    zmq::poll(&item, 1, 1ms);
  }
  CHECK(ahead);
  CHECK(world.sequencer.recorded() == 0);
}

TEST_CASE("a session that says nothing for half a minute ends", "[broker][log]") {
  World world;
  Client client(world);
  client.start_at(0, "quiet");
  client.batch();
  world.now += 31s;
  world.desk->send(world.now);
  CHECK(world.desk->sessions() == 0);
}

TEST_CASE("garbage on the log socket costs its sender an error", "[broker][log]") {
  World world;
  Client client(world);
  for (const std::string& junk :
       {std::string("junk"), std::string("\x92\xa5hello\x01", 8), std::string(1000, '\x91')}) {
    for (int turn = 0; turn < 2000 && !net::send(client.socket, {junk}); ++turn) {
      zmq::pollitem_t item{client.socket.handle(), 0, ZMQ_POLLOUT, 0};
      zmq::poll(&item, 1, 1ms);
    }
    const std::string code = client.error();
    CHECK((code == "bad_message" || code == "unknown_kind"));
  }
}
