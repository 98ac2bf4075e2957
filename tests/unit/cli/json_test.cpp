#include "cli/json.h"

#include <catch2/catch.hpp>

#include "wire/writer.h"

using namespace lifesign::cli;
using lifesign::wire::Writer;

TEST_CASE("every type of the wire becomes JSON", "[cli]") {
  std::string packed;
  Writer(packed)
      .map(8)
      .field("text", std::string_view("a\"b"))
      .field("big", std::uint64_t{18'446'744'073'709'551'615u})
      .text("minus")
      .i64(-7)
      .text("real")
      .real(0.5)
      .flag("yes", true)
      .text("none")
      .nil()
      .text("list")
      .array(2)
      .u64(1)
      .text("two")
      .text("bytes")
      .binary("\x01\xfe");
  auto json = to_json(packed);
  REQUIRE(json);
  CHECK(
      line_of(*json) ==
      R"({"text":"a\"b","big":18446744073709551615,"minus":-7,"real":0.5,"yes":true,"none":null,"list":[1,"two"],"bytes":"Af4="})");
}

TEST_CASE("times are written out with the raw microseconds beside them", "[cli]") {
  std::string packed;
  Writer(packed)
      .map(3)
      .field("seq", std::uint64_t{4})
      .field("time", std::uint64_t{1'795'558'411'120'000})
      .field("last_heartbeat", std::uint64_t{0});
  auto json = record_to_json(packed);
  REQUIRE(json);
  CHECK(line_of(*json) ==
        R"({"seq":4,"time":"2026-11-24T22:13:31.120Z","time_us":1795558411120000,"last_heartbeat":null})");
}

TEST_CASE("a time in an agent's own metadata is left as the agent wrote it", "[cli]") {
  std::string packed;
  Writer(packed).map(1).text("metadata").map(1).field("time", std::uint64_t{5});
  CHECK(line_of(*record_to_json(packed)) == R"({"metadata":{"time":5}})");
}

TEST_CASE("what JSON cannot hold is made to fit", "[cli]") {
  std::string packed;
  Writer(packed)
      .map(3)
      .text("nan")
      .real(std::numeric_limits<double>::quiet_NaN())
      .field("bad", std::string_view("a\xff"))
      .text("k")
      .map(1)
      .u64(7)
      .u64(8);
  auto json = to_json(packed);
  REQUIRE(json);
  CHECK(line_of(*json) == "{\"nan\":null,\"bad\":\"a\xef\xbf\xbd\",\"k\":{\"7\":8}}");
}

TEST_CASE("bytes that are no MessagePack, too many or too deep are an error", "[cli]") {
  CHECK_FALSE(to_json(""));
  CHECK_FALSE(to_json("\xc1"));
  CHECK_FALSE(to_json("\x81\xa1"));
  CHECK_FALSE(to_json("\x01\x01"));
  CHECK_FALSE(to_json(std::string(100, '\x91')));
}
