#include "cli/table.h"

#include <catch2/catch.hpp>

#include "cli/agent_text.h"

using namespace lifesign::cli;

namespace {

Table sample() {
  Table table({{"AGENT", false, true}, {"BEATS", true}, {"LABELS"}});
  table.add({"web-1", "7", "host=a"});
  table.add({"database-primary", "12345", "host=a-very-long-host-name zone=eu-central-1"});
  return table;
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

}  // namespace

TEST_CASE("a table that goes to a file is as wide as it needs to be", "[cli]") {
  CHECK(sample().render({}) ==
        "AGENT             BEATS  LABELS\n"
        "web-1                 7  host=a\n"
        "database-primary  12345  host=a-very-long-host-name zone=eu-central-1\n");
}

TEST_CASE("a table fits the terminal and keeps ids whole", "[cli]") {
  for (std::size_t width : {40u, 50u, 60u}) {
    const auto text = sample().render({.colour = false, .width = width});
    for (const auto& line : lines(text)) CHECK(columns_of(line) <= width);
    CHECK(text.find("database-primary") != std::string::npos);
    CHECK(text.find("…") != std::string::npos);
  }
}

TEST_CASE("where not all columns fit, the last go and the ids stay whole", "[cli]") {
  Table table({{"AGENT", false, true}, {"STATUS", false, true}, {"LAST BEAT", true}, {"BEATS", true}, {"LABELS"}});
  table.add({"web-frontend-1", "offline (silent)", "3.5s ago", "12345", "host=a"});
  const auto text = table.render({.colour = false, .width = 40});
  for (const auto& line : lines(text)) CHECK(columns_of(line) <= 40);
  CHECK(text.find("web-frontend-1  offline (silent)") != std::string::npos);
  CHECK(text.find("LABELS") == std::string::npos);
}

TEST_CASE("a number is shown whole or not at all", "[cli]") {
  Table table({{"AGENT", false, true}, {"LAST BEAT", true}, {"EVERY", true}, {"LABELS"}});
  table.add({"web-frontend-1", "3.5s ago", "30s", "host=a-long-name"});
  const auto first_line = [&](std::size_t width) { return lines(table.render({.colour = false, .width = width}))[0]; };
  CHECK(first_line(80) == "AGENT           LAST BEAT  EVERY  LABELS");
  CHECK(first_line(38) == "AGENT           LAST BEAT  EVERY  LAB…");
  CHECK(first_line(37) == "AGENT           LAST BEAT  EVERY");
  CHECK(first_line(31) == "AGENT           LAST BEAT");
  CHECK(first_line(24) == "AGENT");
}

TEST_CASE("agents on a narrow terminal lose whole columns, the last first", "[cli]") {
  auto table = agents_table();
  const Json agent{{"agent_id", "web-frontend-1"}, {"status", "offline"},      {"cause", "silent"},
                   {"interval_ms", 1'500u},        {"total_heartbeats", 812u}, {"last_heartbeat_us", 1'000'000u}};
  add_agent_row(table, agent, std::chrono::seconds(4));
  const auto text = table.render({.colour = false, .width = 40});
  CHECK(text ==
        "AGENT           STATUS\n"
        "web-frontend-1  offline (silent)\n");
  CHECK(lines(table.render({.colour = false, .width = 50}))[1] == "web-frontend-1  offline (silent)     3s ago   1.5s");
}

TEST_CASE("a terminal that is narrower than any table still gets one", "[cli]") {
  CHECK(lines(sample().render({.colour = false, .width = 5})).size() == 3);
}

TEST_CASE("colours do not count as width", "[cli]") {
  Table table({{"A"}, {"B"}});
  table.add({Cell("on", Colour::green), "x"});
  CHECK(table.render({.colour = true, .width = 80}) == "\x1b[1mA\x1b[0m   \x1b[1mB\x1b[0m\n\x1b[32mon\x1b[0m  x\n");
}

TEST_CASE("wide characters take two columns, combining marks none", "[cli]") {
  CHECK(columns_of("web") == 3);
  CHECK(columns_of("größe") == 5);
  CHECK(columns_of("監視") == 4);
  CHECK(columns_of("💓") == 2);
  CHECK(columns_of("e\xcc\x81") == 1);
  CHECK(cut("監視監視", 5) == "監視…");
  CHECK(cut("größe", 5) == "größe");
  CHECK(cut("größer", 5) == "größ…");
  CHECK(cut("abc", 0).empty());
}

TEST_CASE("text is wrapped at spaces, and inside a word only where it has none", "[cli]") {
  using Lines = std::vector<std::string>;
  CHECK(wrap("", 5).empty());
  CHECK(wrap("abcde", 5) == Lines{"abcde"});
  CHECK(wrap("one two three", 7) == Lines{"one two", "three"});
  CHECK(wrap("one two three", 8) == Lines{"one two", "three"});
  CHECK(wrap("abcdefgh ij", 5) == Lines{"abcde", "fgh", "ij"});
  CHECK(wrap("監視監視", 5) == Lines{"監視", "監視"});
  CHECK(wrap("監視", 1) == Lines{"監", "視"});
  CHECK(wrap("o\xcc\x81o\xcc\x81", 1) == Lines{"o\xcc\x81", "o\xcc\x81"});
  CHECK(wrap("  ab", 2) == Lines{" ", "ab"});
}

TEST_CASE("broken bytes are counted and never read past", "[cli]") {
  CHECK(columns_of("\xff\xfe") == 2);
  CHECK(columns_of("\xf0\x9f") == 2);
}
