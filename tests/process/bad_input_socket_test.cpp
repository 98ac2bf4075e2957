// The same for the log feed, queries and events; and frames of any kind on each socket.
#include <catch2/catch.hpp>

#include "net/socket.h"
#include "process/bad_input.h"
#include "support/raw_peer.h"
#include "wire/limits.h"
#include "wire/log.h"
#include "wire/query.h"

using namespace lifesign;
using namespace lifesign::tests;
using namespace std::chrono_literals;
using wire::Writer;
namespace limits = wire::limits;

namespace {

std::string start(const std::string& token, std::string_view role, std::uint64_t from = 0) {
  return wire::write_log_request({.value = from, .token = token, .role = role});
}

std::string log_code(Dealer& dealer, const Frames& frames) {
  const Frames answer = dealer.ask(frames);
  wire::LogError error;
  REQUIRE(answer.size() == 1);
  REQUIRE(wire::read_log_error(answer[0], error).ok());
  CHECK(error.broker_run > 0);
  return std::string(error.code);
}

}  // namespace

TEST_CASE("what the log feed cannot take gets its documented error and is counted", "[process][bad]") {
  Ordeal ordeal("bad-log");
  const std::string token = ordeal.system().token();
  const std::string good = start(token, "test");
  std::vector<std::pair<Frames, std::string>> cases = {
      {{""}, "bad_message"},
      {{good, good}, "bad_message"},
      {Frames(60, "x"), "bad_message"},
      {{nested(500)}, "bad_message"},
      {{pack([](Writer& w) { w.array(2).u64(1).u64(1); })}, "bad_message"},
      {{pack([](Writer& w) { w.array(2).text("credit").i64(-1); })}, "bad_message"},
      {{pack([](Writer& w) { w.array(2).text("stop").u64(1); })}, "unknown_kind"},
      {{pack([](Writer& w) { w.array(2).text("start").u64(1); })}, "bad_message"},
      {{pack([](Writer& w) { w.array(3).text("start").u64(1).map(1).text("x").raw(nested(300)); })}, "bad_message"},
      {{pack([](Writer& w) { w.array(3).text("start").u64(1).map(1).field("ticks", 1); })}, "bad_message"},
      {{pack([](Writer& w) { w.array(3).text("start").u64(1).map(1).field("role", std::string(65, 'x')); })},
       "invalid_value"},
      {{pack([](Writer& w) { w.array(3).text("start").u64(1).map(1).field("role", std::string_view("\xFF")); })},
       "invalid_value"},
      {{"\xDD\xFF\xFF\xFF\xFF\xA5start"}, "bad_message"},
      {{start("", "test")}, "not_allowed"},
      {{start(std::string(64, '0'), "recorder")}, "not_allowed"},
      {{start(token, "recorder")}, "busy"},
      {{wire::write_log_request({.type = wire::LogRequest::Type::credit, .value = 1})}, "bad_message"},
      {{wire::write_log_request({.type = wire::LogRequest::Type::recorded, .value = 1})}, "bad_message"},
  };
  for (std::size_t n = 0; n < good.size(); ++n) cases.push_back({{good.substr(0, n)}, "bad_message"});
  Dealer dealer(ordeal.endpoint("log"));
  const std::uint64_t refused = ordeal.of_broker("log_requests_refused");
  for (const auto& [frames, code] : cases) CHECK(log_code(dealer, frames) == code);
  CHECK(ordeal.of_broker("log_requests_refused") == refused + cases.size());
  CHECK(ordeal.of_broker("log_sessions") == 2);
  ordeal.check_unharmed();

  // With a session: credit beyond measure, a seq that there is not, a watermark that is not one's own.
  dealer.send({start(token, "test", ~std::uint64_t{0})});
  dealer.send({wire::write_log_request({.type = wire::LogRequest::Type::credit, .value = ~std::uint64_t{0}})});
  REQUIRE(dealer.receive().size() == 2);
  dealer.send({wire::write_log_request({.type = wire::LogRequest::Type::recorded, .value = 1})});
  Frames answer;
  while ((answer = dealer.receive()).size() == 2) {
  }
  wire::LogError error;
  REQUIRE(wire::read_log_error(answer[0], error).ok());
  CHECK(error.code == "not_allowed");
  ordeal.check_unharmed();
}

TEST_CASE("what a query cannot be gets its documented error and is counted", "[process][bad]") {
  Ordeal ordeal("bad-query");
  const auto head = [](std::string_view method) { return wire::write_query_header({method, 7}); };
  const auto with = [](std::string_view key, const std::function<void(Writer&)>& write) {
    return pack([&](Writer& w) { write(w.map(1).text(key)); });
  };
  const auto number = [](std::uint64_t n) { return [n](Writer& w) { w.u64(n); }; };
  const auto text = [](std::string s) { return [s](Writer& w) { w.text(s); }; };
  const std::string none = "\x80";
  std::vector<std::pair<Frames, std::string>> cases = {
      {{""}, "bad_message"},
      {{"", ""}, "bad_message"},
      {{head("totals")}, "bad_message"},
      {{head("totals"), none, none}, "bad_message"},
      {Frames(60, none), "bad_message"},
      {{nested(500), none}, "bad_message"},
      {{pack([](Writer& w) { w.array(3).u64(2).text("totals").u64(7); }), none}, "bad_version"},
      {{pack([](Writer& w) { w.array(3).u64(1).u64(1).u64(7); }), none}, "bad_message"},
      {{pack([](Writer& w) { w.array(3).u64(1).text("totals").i64(-1); }), none}, "bad_message"},
      {{head("drop"), none}, "unknown_kind"},
      {{head(std::string(65, 'x')), none}, "invalid_value"},
      {{head("\xFF"), none}, "invalid_value"},
      {{head("totals"), ""}, "bad_message"},
      {{head("totals"), none + none}, "bad_message"},
      {{head("totals"), nested(500)}, "bad_message"},
      {{head("totals"), with("x", [](Writer& w) { w.raw(nested(500)); })}, "bad_message"},
      {{head("totals"), "\xDF\xFF\xFF\xFF\xFF"}, "bad_message"},
      {{head("agent"), none}, "bad_message"},
      {{head("agent"), with("agent_id", number(1))}, "bad_message"},
      {{head("agent"), with("agent_id", text(""))}, "invalid_agent_id"},
      {{head("agent"), with("agent_id", text(std::string(129, 'x')))}, "invalid_agent_id"},
      {{head("agent"), with("agent_id", text("\xC3\x28"))}, "invalid_agent_id"},
      {{head("agent"), with("agent_id", text("nobody"))}, "not_found"},
      {{head("agents"), with("limit", number(0))}, "invalid_value"},
      {{head("agents"), with("limit", number(limits::page_max + 1))}, "invalid_value"},
      {{head("agents"), with("limit", number(~std::uint64_t{0}))}, "invalid_value"},
      {{head("agents"), with("limit", [](Writer& w) { w.i64(-1); })}, "bad_message"},
      {{head("agents"), with("prefix", text("\xFF"))}, "invalid_value"},
      {{head("agents"), with("status", text("dead"))}, "invalid_value"},
      {{head("agents"), with("cursor", text("a/b"))}, "invalid_value"},
      {{head("agents"), with("labels", number(1))}, "bad_message"},
      {{head("beats"), none}, "bad_message"},
      {{head("events"), with("types", [](Writer& w) { w.array(1).text("no.such"); })}, "invalid_value"},
      {{head("events"), with("since", [](Writer& w) { w.real(1.5); })}, "bad_message"},
      {{head("snapshot"), with("cursor", text(std::string(300, 'x')))}, "invalid_value"},
      {{head("events"), with("since", number(~std::uint64_t{0}))}, "invalid_value"},
      {{head("events"), with("since", number(std::uint64_t{1} << 60))}, "ok"},
  };
  const std::string full = with("prefix", text("web"));
  for (std::size_t n = 0; n < full.size(); ++n) cases.push_back({{head("agents"), full.substr(0, n)}, "bad_message"});
  Dealer dealer(ordeal.endpoint("query"));
  const std::uint64_t refused = ordeal.of_recorder("refused_queries");
  std::uint64_t errors = 0;
  for (const auto& [frames, code] : cases) {
    const Frames answer = dealer.ask(frames);
    wire::QueryHeader header;
    REQUIRE(answer.size() == 2);
    REQUIRE(wire::read_query_header(answer[0], header).ok());
    CHECK(header.name == code);
    errors += header.name != "ok";
  }
  CHECK(eventually([&] { return ordeal.of_recorder("refused_queries") == refused + errors; }));
  ordeal.check_unharmed();
}

TEST_CASE("frames of any kind on any socket are answered or dropped, and harm nobody", "[process][bad]") {
  Ordeal ordeal("bad-random");
  std::mt19937_64 random(20261125);
  const std::string token = ordeal.system().token();
  const std::vector<std::string> good = {ingest_header(wire::Kind::beats),
                                         beat_of("x"),
                                         beat_with("activity", [](Writer& w) { w.text("busy"); }),
                                         ingest_header(wire::Kind::registration),
                                         start(token, "test"),
                                         wire::write_query_header({"agents", 1}),
                                         pack([](Writer& w) { w.map(1).field("limit", 10); }),
                                         std::string("\1agent.timeout/")};
  for (const char* name : {"ingest", "log", "query", "events"}) {
    zmq::context_t context;
    // A SUB cannot send frames, and an XSUB may send any.
    zmq::socket_t socket(context, name == std::string("events") ? zmq::socket_type::xsub : zmq::socket_type::dealer);
    socket.set(zmq::sockopt::linger, 0);
    socket.set(zmq::sockopt::sndtimeo, 10'000);
    socket.connect(ordeal.endpoint(name));
    INFO(name);
    for (int i = 0; i < 5000; ++i) {
      for (std::size_t frames = random() % 4 + 1; frames > 0; --frames) {
        const std::string bytes = damaged(random, good[random() % good.size()]);
        REQUIRE(socket.send(zmq::buffer(bytes), frames > 1 ? zmq::send_flags::sndmore : zmq::send_flags::none));
      }
      zmq::message_t ignored;
      while (socket.recv(ignored, zmq::recv_flags::dontwait)) {
      }
    }
    ordeal.check_unharmed();
  }
  CHECK(ordeal.of_broker("refused") > 1000);
  CHECK(ordeal.of_broker("log_requests_refused") > 1000);
  CHECK(eventually([&] { return ordeal.of_recorder("refused_queries") > 1000; }));  // it reports once a second
}
