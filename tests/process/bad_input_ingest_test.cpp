// What ingest cannot take, case by case, against real processes.
#include <catch2/catch.hpp>

#include "process/bad_input.h"
#include "process/bad_input_ingest_cases.h"

using namespace lifesign;
using namespace lifesign::tests;
using wire::Kind;
using wire::Writer;

TEST_CASE("what ingest cannot take gets its documented error, is counted, and harms nobody", "[process][bad]") {
  Ordeal ordeal("bad-ingest");
  std::vector<IngestCase> cases = malformed_messages();
  for (IngestCase& c : bad_beat_fields()) cases.push_back(std::move(c));
  for (IngestCase& c : bad_items(ordeal.system().token())) cases.push_back(std::move(c));
  Dealer dealer(ordeal.endpoint("ingest"));
  const std::uint64_t refused = ordeal.of_broker("refused"), not_allowed = ordeal.of_broker("refused_not_allowed");
  std::uint64_t errors = 0, forbidden = 0;
  for (const IngestCase& c : cases) {
    INFO(c.what);
    const Answered reply = ask_ingest(dealer, c.frames);
    INFO(reply.message);
    CHECK(reply.code == c.code);
    if (reply.code == "received") continue;
    ++errors;
    forbidden += reply.code == "not_allowed";
    CHECK(reply.first_seq == 0);
    CHECK_FALSE(reply.message.empty());
    CHECK(reply.message.size() < 1000);
  }
  CHECK(ordeal.of_broker("refused") == refused + errors);
  CHECK(ordeal.of_broker("refused_not_allowed") == not_allowed + forbidden);
  ordeal.check_unharmed();
}

TEST_CASE("an error is told also to who asked for no answer", "[process][bad]") {
  Ordeal ordeal("bad-silent");
  Dealer dealer(ordeal.endpoint("ingest"));
  const Answered reply = ask_ingest(dealer, {ingest_header(Kind::beats, 9, {}, wire::Ack::none), "\xC1"});
  CHECK(reply.code == "bad_message");
  CHECK(reply.corr == 9);
}

TEST_CASE("a sender's clock that jumps years ahead or back times nobody out", "[process][bad]") {
  Ordeal ordeal("bad-clock");
  Dealer dealer(ordeal.endpoint("ingest"));
  const auto year = std::uint64_t{31'536'000'000'000};
  const auto now = static_cast<std::uint64_t>(base::wall_now().count());
  for (int round = 0; round < 3; ++round) {
    for (const std::uint64_t clock : {now, now + 50 * year, now - 50 * year, std::uint64_t{1}, ~std::uint64_t{0}}) {
      const std::string body = pack([&](Writer& w) {
        w.array(1).array(4).text("jumpy").u64(5).u64(0).map(2).field("interval_ms", 1000).field("sent_at", clock);
      });
      CHECK(ask_ingest(dealer, {ingest_header(Kind::beats, 1, {}, wire::Ack::recorded), body}).code == "recorded");
    }
    REQUIRE(ordeal.log_time_passes(std::chrono::milliseconds(400)));
  }
  CHECK(ordeal.system().status_of("jumpy") == "active");
  ordeal.check_unharmed();
}
