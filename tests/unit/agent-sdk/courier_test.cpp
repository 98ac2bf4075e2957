#include "agent-sdk/courier.h"

#include <catch2/catch.hpp>

namespace lifesign::sdk {
namespace {

using base::Micros;
using What = Courier::Outcome::What;

constexpr Micros operator""_s(unsigned long long seconds) {
  return Micros(static_cast<std::int64_t>(seconds) * 1'000'000);
}

Courier::Outcome answer(Courier& courier, std::uint64_t corr, std::string_view code, Micros now,
                        std::uint64_t retry_after_ms = 0) {
  wire::Reply reply;
  reply.code = code;
  reply.corr = corr;
  reply.retry_after_ms = retry_after_ms;
  return courier.on_reply(reply, now);
}

TEST_CASE("requests of one kind share a message, one message at a time", "[courier]") {
  Courier courier(7_s);
  courier.add(1, "\x80");
  courier.add(2, "\x80");
  CHECK(courier.next(1, 1_s) == "\x92\x80\x80");
  courier.add(3, "\x80");
  CHECK_FALSE(courier.next(2, 1_s));
  CHECK(answer(courier, 9, "recorded", 1_s).what == What::unknown);
  const auto outcome = answer(courier, 1, "recorded", 1_s);
  CHECK(outcome.what == What::taken);
  CHECK(outcome.keys == std::vector<std::uint64_t>{1, 2});
  CHECK(courier.next(3, 1_s) == "\x91\x80");
  CHECK(courier.size() == 1);
}

TEST_CASE("a request is sent again after a lost connection and after silence", "[courier]") {
  Courier courier(7_s);
  courier.add(1, "\x80");
  REQUIRE(courier.next(1, 1_s));
  courier.disconnected();
  REQUIRE(courier.next(2, 2_s));
  CHECK(courier.wake_at(2_s) == 9_s);
  courier.on_time(9_s);
  CHECK_FALSE(courier.next(3, 9_s));
  CHECK(courier.wake_at(9_s) == 10_s);
  CHECK(courier.next(4, 10_s));
}

TEST_CASE("an overloaded broker is left alone for as long as it asks", "[courier]") {
  Courier courier(7_s);
  courier.add(1, "\x80");
  REQUIRE(courier.next(1, 1_s));
  CHECK(answer(courier, 1, "overloaded", 1_s, 3'000).what == What::later);
  CHECK_FALSE(courier.next(2, 3_s));
  CHECK(courier.next(3, 4_s));
}

TEST_CASE("what is withdrawn is not sent, nor sent again", "[courier]") {
  Courier courier(7_s);
  courier.add(1, "\x80");
  courier.add(2, "\x81");
  REQUIRE(courier.next(1, 1_s));
  courier.add(3, "\x82");
  courier.add(4, "\x83");
  courier.withdraw({1, 3});
  CHECK(courier.size() == 3);  // the first is on its way
  courier.disconnected();
  CHECK(courier.next(2, 1_s) == "\x92\x81\x83");
  courier.withdraw({2});
  const auto outcome = answer(courier, 2, "recorded", 1_s);
  CHECK(outcome.keys == std::vector<std::uint64_t>{2, 4});  // an answer counts for all
  CHECK(courier.size() == 0);
}

TEST_CASE("the one at fault is refused, its neighbours are taken", "[courier]") {
  Courier courier(7_s);
  courier.add(1, "\x80");
  courier.add(2, "\x80");
  REQUIRE(courier.next(1, 1_s));
  CHECK(answer(courier, 1, "invalid_value", 1_s).what == What::later);
  CHECK(courier.next(2, 1_s) == "\x91\x80");
  CHECK(answer(courier, 2, "recorded", 1_s).what == What::taken);
  CHECK(courier.next(3, 1_s) == "\x91\x80");
  const auto outcome = answer(courier, 3, "invalid_value", 1_s);
  CHECK(outcome.what == What::refused);
  CHECK(outcome.keys == std::vector<std::uint64_t>{2});
  CHECK(courier.size() == 0);
}

}  // namespace
}  // namespace lifesign::sdk
