// Verifies a database, read-only: alone or beside a running recorder. For `lifesign check DIR`, which runs it in a
// child process, so that even a file that changes under it costs no more than that.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"

namespace lifesign::recorder {

struct CheckReport {
  static constexpr std::size_t most_faults = 100;  // named; more are only counted

  std::uint64_t position = 0;  // last seq recorded
  std::uint64_t broker_run = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t chunks = 0, entries = 0, beats = 0, log_bytes = 0;
  std::uint64_t jumps = 0;  // seqs that were never recorded: a new broker run, or a log.gap
  std::uint64_t events = 0, keys = 0, backfill = 0, agents = 0;
  std::uint64_t fault_count = 0;
  std::vector<std::string> faults;  // what is wrong and where, a sentence each

  bool sound() const { return fault_count == 0; }
};

// `folder` is a data folder or its store. An error: there is no database there, or it cannot be opened at all (the
// message says what is wrong with it); faults inside a database that can be opened are in the report.
base::Result<CheckReport> check(const std::filesystem::path& folder);

}  // namespace lifesign::recorder
