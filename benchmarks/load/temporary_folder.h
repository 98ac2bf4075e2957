// A folder that goes with its owner.
#pragma once

#include <filesystem>
#include <string>
#include <utility>

#include "base/error.h"

namespace lifesign::load {

class TemporaryFolder {
 public:
  // Inside `parent`; empty: in the system's temporary folder. io_failed: it cannot be made; the message says why.
  static base::Result<TemporaryFolder> make(const std::string& parent);
  TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  TemporaryFolder& operator=(TemporaryFolder&&) = delete;
  ~TemporaryFolder();  // removes it with all that is in it

  const std::filesystem::path& path() const { return path_; }

 private:
  explicit TemporaryFolder(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

}  // namespace lifesign::load
