// Runs the target over files and folders of inputs, for builds without libFuzzer: a regression test over the corpus.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "target.h"

namespace {

void replay(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  std::printf("%s\n", path.c_str());
  std::fflush(stdout);  // what is said last is what failed
  lifesign::fuzz::run(bytes);
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t inputs = 0;
  for (int i = 1; i < argc; ++i) {
    if (!std::filesystem::is_directory(argv[i])) {
      replay(argv[i]);
      ++inputs;
      continue;
    }
    for (const auto& file : std::filesystem::directory_iterator(argv[i])) {
      replay(file.path());
      ++inputs;
    }
  }
  if (inputs != 0) return 0;
  std::fprintf(stderr, "no inputs; name files or folders: %s tests/fuzz/corpus/TARGET\n", argv[0]);
  return 1;
}
