#include "config/data_folder.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>

using lifesign::config::data_folder;

TEST_CASE("the data folder is the given one, else the user's state folder", "[config]") {
  const char* before = std::getenv("HOME");
  const std::string home = before == nullptr ? "" : before;
  ::setenv("HOME", "/home/ann", 1);
  ::setenv("XDG_STATE_HOME", "/state", 1);
  CHECK(data_folder("/given") == "/given");
  CHECK(data_folder("") == "/state/lifesign");
  ::setenv("XDG_STATE_HOME", "relative", 1);
  CHECK(data_folder("") == "/home/ann/.local/state/lifesign");
  ::unsetenv("XDG_STATE_HOME");
  CHECK(data_folder("") == "/home/ann/.local/state/lifesign");
  ::unsetenv("HOME");
  CHECK(data_folder("") == "/var/lib/lifesign");
  if (before != nullptr) ::setenv("HOME", home.c_str(), 1);
}
