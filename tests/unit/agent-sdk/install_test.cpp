#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "fake_server.h"
#include "run_command.h"

// A library that was built with a sanitizer would need it in the consumer too.
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)

namespace lifesign {
namespace {

TEST_CASE("the installed library is found by find_package, and a program built with it beats", "[install]") {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("lifesign-install-" + std::to_string(::getpid()));
  const std::string prefix = (folder / "prefix").string(), build = (folder / "build").string();
  const auto must = [](const std::string& command) {
    const test::Ran ran = test::run(command);
    INFO(command << "\n" << ran.output);
    REQUIRE(ran.exit == 0);
  };
  must("cmake --install " LIFESIGN_BIN_DIR "/.. --component sdk --prefix " + prefix);
  must("cmake -S " LIFESIGN_SOURCE_DIR "/tests/unit/agent-sdk/consumer -B " + build + " -DCMAKE_PREFIX_PATH=" + prefix +
       " -DEXAMPLE=" LIFESIGN_SOURCE_DIR "/agent-sdk/examples/worker.cpp");
  must("cmake --build " + build);
  test::FakeBroker broker;
  must(build + "/consumer web-1 " + broker.endpoint());
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace lifesign

#endif
