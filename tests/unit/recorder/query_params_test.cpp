#include "recorder/query_params.h"

#include <catch2/catch.hpp>

#include "wire/writer.h"

namespace lifesign::recorder::test {

TEST_CASE("a parameter that comes twice counts once, as it was said last", "[recorder]") {
  std::string packed;
  wire::Writer writer(packed);
  writer.map(4);
  writer.text("labels").map(2).field("host", "h1").field("zone", "z1");
  writer.text("types").array(2).text("agent.timeout").text("agent.stopped");
  writer.text("labels").map(1).field("host", "h2");
  writer.text("types").array(1).text("agent.recovered");
  QueryParams params;
  REQUIRE(read_query_params(packed, params).ok());
  CHECK(params.labels == decltype(params.labels){{"host", "h2"}});
  CHECK(params.types == decltype(params.types){"agent.recovered"});
}

TEST_CASE("labels and types said over and over never exceed their bounds", "[recorder]") {
  constexpr std::size_t times = 100;
  std::string packed;
  wire::Writer writer(packed);
  writer.map(2 * times);
  for (std::size_t i = 0; i < times; ++i) {
    writer.text("labels").map(wire::limits::labels);
    for (std::size_t n = 0; n < wire::limits::labels; ++n) writer.field(std::to_string(n), std::to_string(i));
    writer.text("types").array(QueryParams::most_types);
    for (std::size_t n = 0; n < QueryParams::most_types; ++n) writer.text("agent.timeout");
  }
  QueryParams params;
  REQUIRE(read_query_params(packed, params).ok());
  CHECK(params.labels.size() == wire::limits::labels);
  CHECK(params.types.size() == QueryParams::most_types);
}

}  // namespace lifesign::recorder::test
