#include "cli/restart_policy.h"

#include <catch2/catch.hpp>
#include <csignal>

using namespace lifesign::cli;
using namespace std::chrono_literals;

TEST_CASE("a crash is mended at once, further quick ones wait longer", "[cli]") {
  RestartPolicy policy;
  const Death crash{true, SIGSEGV, 1s};
  CHECK(policy.on_death(crash) == 200ms);
  CHECK(policy.on_death(crash) == 400ms);
  CHECK(policy.on_death(crash) == 800ms);
  CHECK(policy.on_death(crash) == 1600ms);
  CHECK(policy.on_death(crash) == 3200ms);
  CHECK_FALSE(policy.on_death(crash));
  CHECK(policy.quick_deaths() == 6);
}

TEST_CASE("a long life starts the count anew", "[cli]") {
  RestartPolicy policy;
  for (int i = 0; i < 4; ++i) CHECK(policy.on_death({true, SIGKILL, 1s}));
  CHECK(policy.on_death({true, SIGKILL, 1h}) == 200ms);
  CHECK(policy.on_death({true, SIGKILL, 1s}) == 400ms);
}

TEST_CASE("a process that was told to stop is started again, since this is its supervisor", "[cli]") {
  RestartPolicy policy;
  CHECK(policy.on_death({false, 0, 1s}));
}

TEST_CASE("what will not get better by itself is not tried again", "[cli]") {
  for (int code : {2, 3, 4, 5, 127}) CHECK_FALSE(RestartPolicy().on_death({false, code, 1h}));
  CHECK(RestartPolicy().on_death({false, 1, 1h}));
}

TEST_CASE("a death is told with its meaning", "[cli]") {
  CHECK(death_text({false, 3, 1s}) == "exit code 3 (it could not bind; a port may be taken)");
  CHECK(death_text({true, SIGKILL, 1s}) == "killed by signal 9 (Killed)");
}
