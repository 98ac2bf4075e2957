#include <array>
#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

TEST_CASE("docs/configuration.md holds what `lifesign config` prints", "[cli]") {
  std::FILE* pipe = ::popen("'" LIFESIGN_BIN_DIR "/lifesign' config", "r");
  REQUIRE(pipe != nullptr);
  std::string printed;
  std::array<char, 4096> part{};
  for (std::size_t bytes; (bytes = std::fread(part.data(), 1, part.size(), pipe)) > 0;)
    printed.append(part.data(), bytes);
  REQUIRE(::pclose(pipe) == 0);
  std::ifstream in(LIFESIGN_SOURCE_DIR "/docs/configuration.md");
  const std::string page((std::istreambuf_iterator<char>(in)), {});
  const std::string opening = "```toml\n";
  const auto begin = page.find(opening) + opening.size();
  CHECK(page.substr(begin, page.rfind("```") - begin) == printed);
}
