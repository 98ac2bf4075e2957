// Where targets put files for code that reads files: a folder in memory that goes with the process, and a nameless
// file.
#pragma once

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "base/assert.h"

namespace lifesign::fuzz {

class ScratchFolder {
 public:
  ScratchFolder() {
    const bool has_memory = std::filesystem::is_directory("/dev/shm");
    std::string name = std::string(has_memory ? "/dev/shm" : "/tmp") + "/lifesign-fuzz-XXXXXX";
    LIFESIGN_ASSERT(::mkdtemp(name.data()) != nullptr, "cannot make {}", name);
    path_ = name;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// Holds `bytes`, and can be opened by its path for as long as it lives.
class ScratchFile {
 public:
  explicit ScratchFile(std::string_view bytes) : fd_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    const bool whole = fd_ >= 0 && ::write(fd_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
    LIFESIGN_ASSERT(whole, "cannot write {} bytes to memory", bytes.size());
  }
  ~ScratchFile() { ::close(fd_); }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

}  // namespace lifesign::fuzz
