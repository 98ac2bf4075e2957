// A folder of a test's own, that goes with it.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>

#include "base/assert.h"

namespace lifesign::tests {

class TempDir {
 public:
  explicit TempDir(const std::filesystem::path& parent = "/tmp") {
    std::string name = parent / "lifesign-test-XXXXXX";
    LIFESIGN_ASSERT(::mkdtemp(name.data()) != nullptr, "cannot make {}", name);
    path_ = name;
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace lifesign::tests
