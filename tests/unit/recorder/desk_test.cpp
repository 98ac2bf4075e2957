#include <spdlog/sinks/null_sink.h>

#include "net/socket.h"
#include "recorder/query_desk.h"
#include "tests/unit/recorder/answer.h"
#include "tests/unit/recorder/fixture.h"
#include "wire/query.h"

namespace lifesign::recorder::test {
namespace {

struct Answer {
  std::string code;
  std::uint64_t corr = 0;
  std::string body;
};

// A desk over a small store, and a client of it.
class Desk {
 public:
  Desk() : store_(dir_.path()), log_("test", std::make_shared<spdlog::sinks::null_sink_mt>()) {
    LogScript script;
    script.beat("web-1");
    script.goodbye("web-1");
    store_.take(script.cut());
    shared_ = std::make_unique<SharedState>(std::move(store_.state));
    auto made = QueryDesk::bind(context_, "tcp://127.0.0.1:*", "--query",
                                {store_.env, *shared_, [] { return std::uint64_t{2}; },
                                 [] {
                                   return Counts{{"position", 2}};
                                 }},
                                log_);
    if (!made.ok()) FAIL(made.error().message);
    desk = std::move(made).value();
    desk->start();
    client_ = net::make_socket(context_, net::Use::query_client);
    client_.set(zmq::sockopt::rcvtimeo, 20'000);
    client_.set(zmq::sockopt::sndtimeo, 20'000);
    REQUIRE(net::connect(client_, desk->endpoint()).ok());
  }

  Answer send(const std::vector<std::string>& frames) {
    for (std::size_t i = 0; i < frames.size(); ++i) {
      const auto flags = i + 1 < frames.size() ? zmq::send_flags::sndmore : zmq::send_flags::none;
      REQUIRE(client_.send(zmq::buffer(frames[i]), flags).has_value());
    }
    zmq::message_t header, body;
    REQUIRE(client_.recv(header).has_value());
    REQUIRE(header.more());
    REQUIRE(client_.recv(body).has_value());
    CHECK_FALSE(body.more());
    wire::QueryHeader read;
    REQUIRE(wire::read_query_header(net::view(header), read).ok());
    return {std::string(read.name), read.corr, std::string(net::view(body))};
  }
  Answer ask(std::string_view method, const std::string& params = "\x80") {
    return send({wire::write_query_header({method, 42}), params});
  }

  std::unique_ptr<QueryDesk> desk;

 private:
  TempDir dir_;
  Store store_;
  telemetry::Log log_;
  zmq::context_t context_;
  std::unique_ptr<SharedState> shared_;
  zmq::socket_t client_;

 public:
  ~Desk() { desk.reset(); }  // its thread uses the others
};

std::string params(const std::function<void(wire::Writer&)>& write) {
  std::string out;
  wire::Writer writer(out);
  write(writer);
  return out;
}

}  // namespace

TEST_CASE("each method is answered over the socket with as_of and recorded", "[recorder]") {
  Desk desk;
  const std::string web = params([](wire::Writer& w) { w.map(1).field("agent_id", "web-1"); });
  for (const char* method : {"agent", "agents", "beats", "events", "totals", "snapshot", "status"}) {
    INFO(method);
    const Answer answer = desk.ask(method, web);
    CHECK(answer.code == "ok");
    CHECK(answer.corr == 42);
    CHECK(number(answer.body, "as_of") == 2);
    CHECK(number(answer.body, "recorded") == 2);
  }
  CHECK(number(raw_field(desk.ask("status").body, "counters"), "position") == 2);
  CHECK(desk.ask("agent", params([](wire::Writer& w) { w.map(1).field("agent_id", "nobody"); })).code == "not_found");
}

TEST_CASE("bad requests cost their sender an error and nobody else anything", "[recorder]") {
  Desk desk;
  const std::string header = wire::write_query_header({"agents", 5});
  const std::string version2 = params([](wire::Writer& w) { w.array(3).u64(2).text("agents").u64(5); });
  CHECK(desk.send({"garbage"}).code == "bad_message");
  CHECK(desk.send({header}).code == "bad_message");
  CHECK(desk.send({header, "\x80", "\x80"}).code == "bad_message");
  CHECK(desk.send({"", ""}).code == "bad_message");
  CHECK(desk.send({version2, "\x80"}).code == "bad_version");
  CHECK(desk.ask("drop_tables").code == "unknown_kind");
  CHECK(desk.ask("agents", "\x90").code == "bad_message");
  CHECK(desk.ask("agents", "\xc1").code == "bad_message");
  CHECK(desk.ask("agents", "\x80\x80").code == "bad_message");
  CHECK(desk.ask("agents", std::string("\xdf\xff\xff\xff\xff", 5)).code == "bad_message");
  using W = wire::Writer;
  const auto refused = [&](const char* method, const std::function<void(W&)>& write) {
    return desk.ask(method, params(write)).code;
  };
  CHECK(refused("agents", [](W& w) { w.map(1).field("limit", std::uint64_t{0}); }) == "invalid_value");
  CHECK(refused("agents", [](W& w) { w.map(1).field("limit", std::uint64_t{1001}); }) == "invalid_value");
  CHECK(refused("agents", [](W& w) { w.map(1).field("limit", "ten"); }) == "bad_message");
  CHECK(refused("agents", [](W& w) { w.map(1).field("status", "happy"); }) == "invalid_value");
  CHECK(refused("agents", [](W& w) { w.map(1).field("cursor", std::string(300, 'c')); }) == "invalid_value");
  CHECK(refused("agents", [](W& w) { w.map(1).field("cursor", "a/b"); }) == "invalid_value");
  CHECK(refused("agents", [](W& w) { w.map(1).field("labels", "x"); }) == "bad_message");
  CHECK(refused("snapshot", [](W& w) { w.map(1).field("cursor", "\n"); }) == "invalid_value");
  CHECK(refused("agent", [](W& w) { w.map(0); }) == "bad_message");
  CHECK(refused("agent", [](W& w) { w.map(1).field("agent_id", ""); }) == "invalid_agent_id");
  CHECK(refused("beats", [](W& w) { w.map(2).field("agent_id", "a").field("cursor", "1.2"); }) == "invalid_value");
  CHECK(refused("beats", [](W& w) { w.map(3).field("agent_id", "a").field("from", 9).field("to", 8); }) ==
        "invalid_value");
  CHECK(refused("events", [](W& w) { w.map(1).text("types").array(1).u64(1); }) == "bad_message");
  CHECK(refused("events", [](W& w) { w.map(1).field("since", ~std::uint64_t{0}); }) == "invalid_value");
  CHECK(desk.ask("agents").code == "ok");
  CHECK(desk.desk->refused() == desk.desk->queries() - 1);
}

}  // namespace lifesign::recorder::test
