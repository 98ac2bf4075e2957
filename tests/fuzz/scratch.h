// Where targets put files for code that reads files: a folder in memory that goes with the process, and a nameless
// file.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <string_view>

#include "base/assert.h"
#include "tests/support/temp_dir.h"

namespace lifesign::fuzz {

// In memory where there is any.
class ScratchFolder : public tests::TempDir {
 public:
  ScratchFolder() : TempDir(std::filesystem::is_directory("/dev/shm") ? "/dev/shm" : "/tmp") {}
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
