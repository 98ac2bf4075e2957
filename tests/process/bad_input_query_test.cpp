// Askers that never read, and such that ask for all there is, over and over.
#include <catch2/catch.hpp>

#include "process/bad_input.h"
#include "support/raw_peer.h"
#include "wire/query.h"

using namespace lifesign;
using namespace lifesign::tests;
using namespace std::chrono_literals;
using wire::Writer;

namespace {

// Agents whose descriptions are large.
void register_many(Dealer& dealer, std::size_t agents) {
  const std::string metadata(12'000, 'm');
  for (std::size_t at = 0; at < agents; at += 50) {
    const std::string body = pack([&](Writer& w) {
      w.array(50);
      for (std::size_t i = at; i < at + 50; ++i) {
        w.map(2).field("agent_id", "large-" + std::to_string(i));
        w.text("metadata").map(1).field("x", metadata);
      }
    });
    REQUIRE(ask_ingest(dealer, {ingest_header(wire::Kind::registration, 1, {}, wire::Ack::recorded), body}).code ==
            "recorded");
  }
}

}  // namespace

TEST_CASE("who asks without end and never reads holds up no other question", "[process][bad]") {
  Ordeal ordeal("deaf-query");
  Dealer dealer(ordeal.endpoint("ingest"));
  register_many(dealer, 200);
  const std::string params = pack([](Writer& w) { w.map(1).field("limit", 1000); });
  std::string questions;
  for (std::uint64_t corr = 0; corr < 2000; ++corr)
    questions += RawPeer::frame(wire::write_query_header({corr % 2 == 0 ? "agents" : "events", corr}), true) +
                 RawPeer::frame(params);
  std::vector<RawPeer> deaf;
  for (int i = 0; i < 4; ++i) {
    deaf.emplace_back(ordeal.endpoint("query"));
    REQUIRE(deaf.back().shake_hands("DEALER"));
  }
  for (RawPeer& peer : deaf) REQUIRE(peer.send(questions));
  Query query = ordeal.system().query();
  for (int i = 0; i < 20; ++i) {
    const auto asked = std::chrono::steady_clock::now();
    const auto agent = query.agent("bystander");
    INFO((agent.ok() ? "" : agent.error().message));
    REQUIRE(agent.ok());
    CHECK(std::chrono::steady_clock::now() - asked < 5s);
  }
  CHECK(eventually([&] { return ordeal.of_recorder("unsent_answers") > 1000; }));
  ordeal.check_unharmed(512 << 20);
}
