#include "telemetry/log.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "telemetry/log_line.h"

using namespace lifesign::telemetry;
using namespace std::chrono_literals;

namespace {

std::string line(const std::string& payload, Format format, bool colour = false, std::string name = "broker") {
  spdlog::details::log_msg message(name, spdlog::level::info, payload);
  message.time = spdlog::log_clock::time_point(1795558411120ms);
  spdlog::memory_buf_t out;
  format_line(message, format, colour, out);
  return {out.data(), out.size()};
}

}  // namespace

TEST_CASE("a text line has time, level, name and message", "[telemetry]") {
  CHECK(line("listening on tcp://127.0.0.1:7400", Format::text) ==
        "2026-11-24T22:13:31.120Z info  broker  listening on tcp://127.0.0.1:7400\n");
}

TEST_CASE("colours are there only when asked for", "[telemetry]") {
  CHECK(line("x", Format::text).find('\x1b') == std::string::npos);
  CHECK(line("x", Format::text, true).find("\x1b[32minfo \x1b[0m") != std::string::npos);
}

TEST_CASE("a message can neither forge a second line nor move the cursor", "[telemetry]") {
  auto text = line("agent x\n2026 error  broker  forged\r\x1b[2J\xc2\x9b", Format::text);
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  CHECK(text.find("x\\n2026") != std::string::npos);
  CHECK(text.find("\\x0d\\x1b[2J\\xc2\\x9b") != std::string::npos);
}

TEST_CASE("a JSON line is one valid object with the message as it was", "[telemetry]") {
  const std::string nasty = "quote \" slash \\ newline \n tab \t bell \x07 umlaut \xc3\xa4 emoji \xf0\x9f\x92\x93";
  auto text = line(nasty, Format::json, false, "a\"b");
  CHECK(std::count(text.begin(), text.end(), '\n') == 1);
  auto json = nlohmann::json::parse(text);
  CHECK(json.at("time") == "2026-11-24T22:13:31.120Z");
  CHECK(json.at("level") == "info");
  CHECK(json.at("name") == "a\"b");
  CHECK(json.at("message") == nasty);
}

TEST_CASE("bytes that are not UTF-8 still give valid JSON", "[telemetry]") {
  for (const char* bytes : {"\xff", "\xc3", "\xe2\x82", "\xf0\x9f", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80"}) {
    CHECK(nlohmann::json::accept(line(bytes, Format::json)));
    CHECK(nlohmann::json::accept(line(std::string("before ") + bytes + " after", Format::json)));
  }
}

TEST_CASE("an unknown level or format is refused with what there is", "[telemetry]") {
  auto level = make_log("x", "loud", "text");
  REQUIRE_FALSE(level);
  CHECK(level.error().message.find("trace, debug, info, warn, error or off") != std::string::npos);
  auto format = make_log("x", "info", "xml");
  REQUIRE_FALSE(format);
  CHECK(format.error().message.find("text or json") != std::string::npos);
  auto log = make_log("x", "warn", "json");
  REQUIRE(log);
  CHECK((*log)->level() == spdlog::level::warn);
  CHECK((*log)->name() == "x");
}

TEST_CASE("a repeated fault is said at once, then once in a while with what was held back", "[telemetry]") {
  RateLimit limit(10s);
  std::uint64_t held = 99;
  CHECK(limit.allow(1s, held));
  CHECK(held == 0);
  CHECK_FALSE(limit.allow(2s, held));
  CHECK_FALSE(limit.allow(10s, held));
  CHECK(limit.allow(11s, held));
  CHECK(held == 2);
  CHECK_FALSE(limit.allow(12s, held));
  CHECK(limit.allow(60s, held));
  CHECK(held == 1);
}
