// The watchdog's end of the log feed, with a broker played by hand.
#include <spdlog/sinks/null_sink.h>

#include <catch2/catch.hpp>

#include "net/socket.h"
#include "watchdog/log_intake.h"

using namespace lifesign;
using namespace std::chrono_literals;

namespace {

class Feed {
 public:
  Feed() : log_("test", std::make_shared<spdlog::sinks::null_sink_mt>()) {
    server_ = net::make_socket(context_, net::Use::log_server);
    endpoint_ = net::bind(server_, "tcp://127.0.0.1:*", "--log").value();
    intake.emplace(
        context_, [this] { return endpoint_; }, "secret", log_);
  }
  ~Feed() { intake.reset(); }

  // Answers the `start` that follows with an empty batch from `first_seq` to `next_seq`.
  void answer(std::uint64_t asked, std::uint64_t first_seq, std::uint64_t next_seq) {
    zmq::message_t id, frame;
    for (;; now += 100ms) {
      zmq::pollitem_t item{server_.handle(), 0, ZMQ_POLLIN, 0};
      intake->tick(now);
      if (zmq::poll(&item, 1, 5ms) != 0) break;
    }
    REQUIRE(server_.recv(id).has_value());
    REQUIRE(server_.recv(frame).has_value());
    wire::LogRequest start;
    REQUIRE(wire::read_log_request(net::view(frame), start).ok());
    CHECK(start.value == asked);
    wire::BatchHeader header;
    header.broker_run = 3;
    header.first_seq = first_seq;
    header.next_seq = next_seq;
    REQUIRE(net::send(server_, {id.to_string(), wire::write_batch_header(header), std::string_view()}));
  }
  std::optional<watchdog::LogIntake::Batch> take(std::uint64_t next_seq) {
    for (int i = 0; i < 400 && intake->lost().empty(); ++i) {
      zmq::pollitem_t item{intake->socket().handle(), 0, ZMQ_POLLIN, 0};
      (void)zmq::poll(&item, 1, 50ms);
      if (auto batch = intake->next(next_seq, now)) return batch;
    }
    return std::nullopt;
  }

  base::Micros now{1s};
  std::optional<watchdog::LogIntake> intake;

 private:
  zmq::context_t context_;
  telemetry::Log log_;
  zmq::socket_t server_;
  std::string endpoint_;
};

}  // namespace

TEST_CASE("a broker run that began above the snapshot is not followed: another may lie between", "[watchdog]") {
  Feed feed;
  feed.intake->follow(100);
  feed.answer(100, 5000, 5001);
  CHECK_FALSE(feed.take(100));
  CHECK(feed.intake->lost().find("100 to 4999") != std::string::npos);
  feed.intake->follow(5001);  // the recorder has reached into the run
  feed.answer(5001, 5001, 5002);
  const auto batch = feed.take(5001);
  REQUIRE(batch);
  CHECK(batch->header.first_seq == 5001);
}
