// The data folder: token, lock files, and where each process listens.
//
//   DIR/token               64 hex digits, mode 0600: proves a local role
//   DIR/<process>.lock      held with flock while the process runs; its pid as text
//   DIR/<process>.endpoints  TOML: the endpoints in use, written by the process that bound them
//   DIR/broker.state        the broker's small state file
//   DIR/store/              the recorder's database
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "base/error.h"

namespace lifesign::net {

class DataDir {
 public:
  // Creates the folder (mode 0700) where it is missing.
  static base::Result<DataDir> open(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  // Reads the token; makes it if it is not there yet. Safe when several processes start at once.
  base::Result<std::string> token() const;

  // Endpoint names as in docs/protocol.md: ingest, events, log, query.
  base::Status write_endpoints(std::string_view process, const std::map<std::string, std::string>& endpoints) const;
  // What was written by `process`; empty if nothing was.
  std::map<std::string, std::string> read_endpoints(std::string_view process) const;

 private:
  explicit DataDir(std::filesystem::path path) : path_(std::move(path)) {}
  std::filesystem::path path_;
};

// Where to reach `name`: `given` if it is not empty, else what the data folder says, else the default.
std::string endpoint_of(const DataDir& dir, std::string_view name, const std::string& given);
// Where a process binds `name`: `given` if it is not empty; port 0 means one that the system picks, and the same
// again after a restart, since the data folder keeps it.
std::string bind_endpoint(const DataDir& dir, std::string_view process, std::string_view name, const std::string& given,
                          int base_port);

// Holds DIR/<process>.lock for as long as it lives. busy: another process holds it, and its pid
// is named; io_failed: the folder cannot be written to.
class ProcessLock {
 public:
  static base::Result<ProcessLock> take(const DataDir& dir, std::string_view process);
  ProcessLock(ProcessLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ProcessLock& operator=(ProcessLock&&) = delete;
  ~ProcessLock();

 private:
  explicit ProcessLock(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace lifesign::net
