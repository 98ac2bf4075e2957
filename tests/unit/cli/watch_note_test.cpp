#include "cli/watch_note.h"

#include <catch2/catch.hpp>

using namespace lifesign::cli;

TEST_CASE("a watch from a seq that has not come yet is told so", "[cli]") {
  CHECK(since_note(500, 42) ==
        "--since 500 is ahead of the log, whose last seq is 41: nothing is shown until it is past 500");
  CHECK_FALSE(since_note(42, 42).empty());
  CHECK(since_note(41, 42).empty());
  CHECK(since_note(0, 42).empty());
  CHECK(since_note(500, 0).empty());
  CHECK(since_note(0, 0).empty());
}

TEST_CASE("a watch of agents that nobody knows names them", "[cli]") {
  CHECK(unknown_agents_note({}).empty());
  CHECK(unknown_agents_note({"web-9"}).starts_with("no agent web-9 is known yet"));
  CHECK(unknown_agents_note({"web-8", "web-9"}).starts_with("no agent web-8, web-9 is known yet"));
  CHECK(unknown_agents_note({"\x1b[2J"}).find('\x1b') == std::string::npos);
}
