// Stand-ins for the recorder's query socket and the broker's events socket.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "fake_server.h"
#include "lifesign/value.h"
#include "wire/event.h"
#include "wire/query.h"

namespace lifesign::test {

inline Frames ok(std::uint64_t corr, std::string result) {
  return {wire::write_query_header({"ok", corr}), std::move(result)};
}

inline FakeServer recorder(
    std::function<std::optional<Frames>(std::string method, std::uint64_t corr, const Value&)> answer) {
  return FakeServer([answer](const Frames& frames) -> std::optional<Frames> {
    wire::QueryHeader header;
    if (frames.size() != 2 || !wire::read_query_header(frames[0], header).ok()) return std::nullopt;
    return answer(std::string(header.name), header.corr, *Value::parse(frames[1]));
  });
}

inline std::string event(std::string_view type, std::uint64_t seq, std::uint64_t prev,
                         std::string_view agent = "web-1") {
  std::string out;
  wire::Writer writer(out);
  writer.map(5).field("type", type).field("seq", seq).field("time", seq).field("prev", prev).field("agent_id", agent);
  return out;
}

inline std::string tick(std::uint64_t run, std::uint64_t seq, std::string_view type, std::uint64_t last) {
  std::string out;
  wire::Writer writer(out);
  writer.map(6).field("type", std::string_view("tick")).field("time", seq).field("seq", seq).field("recorded", seq);
  writer.field("broker_run", run).text("last").map(1).field(type, last);
  return out;
}

struct Feed {
  Feed() : socket(net::make_socket(context, net::Use::events_server)) {
    auto bound = net::bind(socket, "tcp://127.0.0.1:*", "--test");
    REQUIRE(bound.ok());
    endpoint = *bound;
  }
  // Waits until somebody has subscribed to so many topics.
  void subscribed(std::size_t topics) {
    for (std::size_t i = 0; i < topics; ++i) {
      zmq::message_t ignored;
      (void)socket.recv(ignored);  // no REQUIRE: tests call this on threads of their own, and Catch takes only one
    }
  }
  void publish(const std::string& topic, const std::string& body) { net::send(socket, {topic, body}); }

  zmq::context_t context;
  zmq::socket_t socket;
  std::string endpoint;
};

}  // namespace lifesign::test
