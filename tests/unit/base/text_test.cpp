#include "base/text.h"

#include <catch2/catch.hpp>

using namespace lifesign::base;
using namespace std::chrono_literals;

TEST_CASE("durations read as people write them", "[base]") {
  CHECK(*parse_duration("300ms") == 300ms);
  CHECK(*parse_duration("10s") == 10s);
  CHECK(*parse_duration("2m") == 2min);
  CHECK(*parse_duration("1h30m") == 90min);
  CHECK(*parse_duration("7d") == 168h);
  CHECK(*parse_duration("1.5s") == 1500ms);
  CHECK(*parse_duration("0") == 0s);
}

TEST_CASE("what is no duration is refused with an example", "[base]") {
  for (const char* bad :
       {"", "10", "s", "-3s", "10 s", "3parsecs", "nan s", "nans", "1snans", "infs", "1e3s", "99999999999999999999d"}) {
    const auto result = parse_duration(bad);
    INFO(bad);
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().message.find("for example 300ms") != std::string::npos);
  }
}

TEST_CASE("durations are written so that they can be read back", "[base]") {
  for (const Micros d :
       {Micros(0), Micros(7), Micros(300ms), Micros(2500ms), Micros(10s), Micros(90min), Micros(25h)}) {
    INFO(format_duration(d));
    CHECK(*parse_duration(format_duration(d)) == d);
  }
  CHECK(format_duration(90min) == "1h30m");
  CHECK(format_duration(-2s) == "-2s");
}

TEST_CASE("sizes read and write by powers of 1024", "[base]") {
  CHECK(*parse_size("4096") == 4096);
  CHECK(*parse_size("64KiB") == 65536);
  CHECK(*parse_size("10MB") == 10'000'000);
  CHECK(*parse_size("1.5GiB") == 1610612736);
  CHECK(format_size(65536) == "64KiB");
  CHECK_FALSE(parse_size("64 potatoes").ok());
  CHECK_FALSE(parse_size("99999999999999999999999").ok());
}

TEST_CASE("only well-formed UTF-8 passes", "[base]") {
  CHECK(is_utf8("plain"));
  CHECK(is_utf8("caffè 🫀"));
  CHECK_FALSE(is_utf8("\xC0\x80"));          // overlong
  CHECK_FALSE(is_utf8("\xED\xA0\x80"));      // surrogate
  CHECK_FALSE(is_utf8("\xF4\x90\x80\x80"));  // above U+10FFFF
  CHECK_FALSE(is_utf8("\xE2\x82"));          // cut
}

TEST_CASE("agent ids are short, printable and without a slash", "[base]") {
  CHECK(is_agent_id("web-1"));
  CHECK(is_agent_id("città/1") == false);
  CHECK(is_agent_id("città-1"));
  CHECK_FALSE(is_agent_id(""));
  CHECK_FALSE(is_agent_id("a\nb"));
  CHECK_FALSE(
      is_agent_id("a\xC2\x85"
                  "b"));  // U+0085, a control character
  CHECK(is_agent_id(std::string(128, 'a')));
  CHECK_FALSE(is_agent_id(std::string(129, 'a')));
}

TEST_CASE("what is no number is no size", "[base]") {
  for (const char* bad : {"nanB", "nanMiB", "infB"}) {
    INFO(bad);
    CHECK_FALSE(parse_size(bad).ok());
  }
}
