#include "lifesign/value.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "base/error.h"
#include "wire/writer.h"

namespace lifesign {
namespace {

template <class Write>
Value packed(Write write) {
  std::string out;
  wire::Writer writer(out);
  write(writer);
  auto value = Value::parse(std::move(out));
  REQUIRE(value.ok());
  return *value;
}

TEST_CASE("a map's fields are read by name and type", "[value]") {
  const Value map = packed([](wire::Writer& w) {
    w.map(5).field("id", std::string_view("web-1")).field("n", std::uint64_t{7}).flag("ok", true);
    w.text("list").array(2).u64(1).i64(-2);
    w.text("none").nil();
  });
  CHECK(map.type() == Value::Type::map);
  CHECK(map.size() == 5);
  CHECK(map["id"].text() == "web-1");
  CHECK(map["n"].u64() == 7u);
  CHECK(map["n"].number() == 7.0);
  CHECK(map["ok"].boolean() == true);
  CHECK(map["list"].items()[1].i64() == -2);
  CHECK(map["none"].type() == Value::Type::nil);
  CHECK(map["none"].exists());
}

TEST_CASE("what is not there or of another type reads as empty", "[value]") {
  const Value map = packed([](wire::Writer& w) { w.map(1).field("id", std::string_view("x")); });
  CHECK_FALSE(map["other"].exists());
  CHECK_FALSE(map["other"]["deeper"].exists());
  CHECK(map["id"].u64_or(5) == 5);
  CHECK(map["id"].items().empty());
  CHECK(map["id"]["x"].type() == Value::Type::absent);
  CHECK(Value().text_or("nothing") == "nothing");
  CHECK(Value().pairs().empty());
  CHECK(packed([](wire::Writer& w) { w.i64(-1); }).u64() == std::nullopt);
}

TEST_CASE("a part of a value outlives the whole", "[value]") {
  Value part;
  {
    const Value map = packed([](wire::Writer& w) { w.map(1).text("a").map(1).field("b", std::string_view("kept")); });
    part = map["a"];
  }
  CHECK(part["b"].text() == "kept");
}

TEST_CASE("bytes that are not one whole value are refused", "[value]") {
  for (const std::string bytes : {"", "\xc1", "\x92\x01", "\x01\x01", "\xdb\xff\xff\xff\xff", "\x81\xa1"}) {
    const auto value = Value::parse(bytes);
    REQUIRE_FALSE(value.ok());
    CHECK(value.error().code == Code::bad_message);
  }
  CHECK_FALSE(Value::parse(std::string(64, '\x91') + "\x01").ok());
}

TEST_CASE("JSON holds every type", "[value]") {
  const Value map = packed([](wire::Writer& w) {
    w.map(9).field("text", std::string_view("a\"\\\n\x01 \xC3\xBC"));
    w.field("big", std::numeric_limits<std::uint64_t>::max());
    w.text("negative").i64(std::numeric_limits<std::int64_t>::min());
    w.text("real").real(0.5);
    w.text("nan").real(std::nan(""));
    w.text("binary").binary("abcd");
    w.text("list").array(2).boolean(false).nil();
    w.text("empty").map(0);
    w.u64(7).boolean(true);
  });
  CHECK(to_json(map) ==
        "{\"text\":\"a\\\"\\\\\\n\\u0001 \xC3\xBC\",\"big\":18446744073709551615,\"negative\":-9223372036854775808,"
        "\"real\":0.5,\"nan\":null,\"binary\":\"YWJjZA==\",\"list\":[false,null],\"empty\":{},\"7\":true}");
  CHECK(to_json(Value()) == "null");
}

TEST_CASE("broken UTF-8 becomes a replacement character in JSON", "[value]") {
  CHECK(json_text("a\xFFz") == "\"a\xEF\xBF\xBDz\"");
  CHECK(json_text("\xC3") == "\"\xEF\xBF\xBD\"");
}

TEST_CASE("a flat map is packed with its types", "[value]") {
  const auto value = Value::parse(pack_map({{"a", 1}, {"b", "x"}, {"c", true}, {"d", 2.5}}));
  REQUIRE(value.ok());
  CHECK(to_json(*value) == R"({"a":1,"b":"x","c":true,"d":2.5})");
}

TEST_CASE("each public code has the name that the wire has", "[value]") {
  for (int i = 0; i <= static_cast<int>(Code::invalid_config); ++i)
    CHECK(code_name(static_cast<Code>(i)) == base::code_name(static_cast<base::Code>(i)));
  CHECK(code_name(Code::recorder_unavailable) == "recorder_unavailable");
  CHECK(code_name(Code::forked) == "forked");
  CHECK(code_name(Code::invalid_config) == "invalid_config");
}

}  // namespace
}  // namespace lifesign
