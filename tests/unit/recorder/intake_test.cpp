#include <spdlog/sinks/null_sink.h>

#include "net/socket.h"
#include "recorder/log_intake.h"
#include "tests/unit/recorder/fixture.h"

namespace lifesign::recorder::test {
namespace {

using namespace std::chrono_literals;

// The broker's end of the log feed, played by hand; time is a variable.
class Feed {
 public:
  explicit Feed(std::uint64_t broker_run = 1) : log_("test", std::make_shared<spdlog::sinks::null_sink_mt>()) {
    server = net::make_socket(context_, net::Use::log_server);
    server.set(zmq::sockopt::rcvtimeo, 20'000);
    endpoint_ = net::bind(server, "tcp://127.0.0.1:*", "--log").value();
    intake = std::make_unique<LogIntake>(
        context_, LogIntake::Options{.endpoint = [this] { return endpoint_; }, .token = "secret", .window = 1 << 20},
        broker_run, log_);
  }
  ~Feed() { intake.reset(); }

  // What the intake sends next; time passes until it has found the connection.
  wire::LogRequest request() {
    for (;;) {
      zmq::pollitem_t item{server.handle(), 0, ZMQ_POLLIN, 0};
      intake->tick(progress, now);
      if (zmq::poll(&item, 1, 5ms) != 0) break;
      now += 100ms;
    }
    zmq::message_t id;
    REQUIRE(server.recv(id).has_value());
    REQUIRE(server.recv(frame_).has_value());
    id_ = id.to_string();
    wire::LogRequest read;
    REQUIRE(wire::read_log_request(net::view(frame_), read).ok());
    return read;
  }
  void expect_start(std::uint64_t from) {
    const auto start = request();
    CHECK(start.type == wire::LogRequest::Type::start);
    CHECK(start.value == from);
    CHECK(start.role == "recorder");
    CHECK(start.token == "secret");
    CHECK_FALSE(start.ticks);
  }
  void give(const TestBatch& batch) {
    REQUIRE(net::send(server, {id_, wire::write_batch_header(batch.header), batch.payload}));
  }
  void refuse(std::string_view code) {
    REQUIRE(net::send(server, {id_, wire::write_log_error({.code = code, .message = "no"})}));
  }
  // Takes what comes; nothing if nothing of use came while `give` and `refuse` were under way.
  std::optional<LogIntake::Batch> take(int polls = 400) {
    for (int i = 0; i < polls; ++i) {
      zmq::pollitem_t item{intake->feed(), 0, ZMQ_POLLIN, 0};
      if (zmq::poll(&item, 1, 50ms) == 0) continue;
      auto batch = intake->next(progress.held, now);
      if (batch) progress.held = progress.durable = batch->header.next_seq - 1;
      return batch;
    }
    FAIL("nothing came");
    return std::nullopt;
  }

  zmq::context_t context_;  // before the sockets: it ends after them
  telemetry::Log log_;
  zmq::socket_t server;
  std::unique_ptr<LogIntake> intake;
  LogIntake::Progress progress{.held = 0, .durable = 0, .room = 64 << 20};
  base::Micros now{1s};

 private:
  std::string endpoint_, id_;
  zmq::message_t frame_;
};

TestBatch batch_at(std::uint64_t first, std::uint64_t run = 1) {
  LogScript log(run, first);
  log.tick();
  return log.cut();
}

}  // namespace

TEST_CASE("the log is taken from where the database ends, and what is on disk is told", "[recorder]") {
  Feed feed;
  feed.progress.held = feed.progress.durable = 41;
  feed.expect_start(42);
  feed.give(batch_at(42));
  REQUIRE(feed.take().has_value());
  const auto told = feed.request();
  CHECK(told.type == wire::LogRequest::Type::recorded);
  CHECK(told.value == 42);
}

TEST_CASE("start waits until all that is held is on disk", "[recorder]") {
  Feed feed;
  feed.progress = {.held = 9, .durable = 8, .room = 1 << 20};
  for (int i = 0; i < 20; ++i) {
    feed.now += 1s;
    feed.intake->tick(feed.progress, feed.now);
  }
  zmq::pollitem_t item{feed.server.handle(), 0, ZMQ_POLLIN, 0};
  CHECK(zmq::poll(&item, 1, 0ms) == 0);
  feed.progress.durable = 9;
  feed.expect_start(10);
}

TEST_CASE("what is held already is skipped, and so is a batch without seqs", "[recorder]") {
  Feed feed;
  feed.progress.held = feed.progress.durable = 5;
  feed.expect_start(6);
  feed.give(batch_at(5));
  CHECK_FALSE(feed.take().has_value());
  feed.give({{.broker_run = 1, .first_seq = 90, .next_seq = 90}, ""});
  CHECK_FALSE(feed.take().has_value());
  feed.give(batch_at(6));
  CHECK(feed.take().has_value());
  CHECK(feed.intake->counters().protocol_errors == 0);
}

TEST_CASE("a hole in the midst of a session is a fault: it starts again at the hole", "[recorder]") {
  Feed feed;
  feed.expect_start(1);
  feed.give(batch_at(1));
  REQUIRE(feed.take().has_value());
  CHECK(feed.request().type == wire::LogRequest::Type::recorded);
  feed.give(batch_at(3));
  CHECK_FALSE(feed.take().has_value());
  CHECK(feed.intake->counters().protocol_errors == 1);
  CHECK_FALSE(feed.intake->streaming());
  feed.expect_start(2);
}

TEST_CASE("a hole right after start is one that the broker tells by log.gap", "[recorder]") {
  Feed feed;
  feed.expect_start(1);
  feed.give(batch_at(100));
  REQUIRE(feed.take().has_value());
  CHECK(feed.intake->counters().log_gaps == 1);
  CHECK(feed.intake->counters().protocol_errors == 0);
}

TEST_CASE("a new broker run goes on above", "[recorder]") {
  Feed feed;
  feed.progress.held = feed.progress.durable = 7;
  feed.expect_start(8);
  feed.give(batch_at(8));
  REQUIRE(feed.take().has_value());
  feed.give(batch_at(5000, 2));
  REQUIRE(feed.take().has_value());
  CHECK(feed.intake->counters().log_gaps == 0);
  CHECK(feed.intake->counters().protocol_errors == 0);
}

TEST_CASE("a refusal is asked again, and so is silence", "[recorder]") {
  Feed feed;
  feed.expect_start(1);
  feed.refuse("busy");
  CHECK_FALSE(feed.take().has_value());
  feed.expect_start(1);
  feed.give(batch_at(1));
  REQUIRE(feed.take().has_value());
  CHECK(feed.request().type == wire::LogRequest::Type::recorded);
  feed.now += 4s;
  feed.expect_start(2);
}

TEST_CASE("no credit is granted past the room that is left", "[recorder]") {
  Feed feed;
  feed.progress.room = 1000;
  const auto start = feed.request();
  CHECK(start.credit == 1000);
  feed.give(batch_at(1));
  REQUIRE(feed.take().has_value());
  CHECK(feed.request().type == wire::LogRequest::Type::recorded);
  feed.progress.room = 0;
  feed.now += 2500ms;
  feed.intake->tick(feed.progress, feed.now);
  feed.progress.room = 64 << 20;
  const auto credit = feed.request();
  CHECK(credit.type == wire::LogRequest::Type::credit);
  CHECK(credit.value > 1000);
  CHECK(credit.value <= 1 << 20);
}

}  // namespace lifesign::recorder::test
