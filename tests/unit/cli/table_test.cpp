#include "cli/table.h"

#include <catch2/catch.hpp>

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

TEST_CASE("broken bytes are counted and never read past", "[cli]") {
  CHECK(columns_of("\xff\xfe") == 2);
  CHECK(columns_of("\xf0\x9f") == 2);
}
