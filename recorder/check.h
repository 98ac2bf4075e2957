// Verifies a database, read-only: alone or beside a running recorder. For `lifesign check DIR`, which runs it in a
// child process, so that even a file that changes under it costs no more than that.
//
// It looks at a bounded piece in one snapshot and takes the next piece from the newest, so that it pins no pages for
// long, however large the database. What it counts and compares is what lay below the first snapshot's position.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
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
  std::vector<std::string> notes;   // what is no fault of the database and should be seen to all the same

  bool sound() const { return fault_count == 0; }
};

struct CheckOptions {
  std::size_t records_per_snapshot = 512;  // of the log that is 32 MiB
  std::uint64_t commits_behind = 1000;     // a reader that lags by more is noted
  std::function<void()> between;           // called while no snapshot is held; tests let a recorder write there
};

// `folder` is a data folder or its store. An error: there is no database there, or it cannot be opened at all (the
// message says what is wrong with it); faults inside a database that can be opened are in the report.
base::Result<CheckReport> check(const std::filesystem::path& folder, const CheckOptions& options = {});

}  // namespace lifesign::recorder
