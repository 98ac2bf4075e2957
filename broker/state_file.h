// The broker's small state file: what a new run must know of the old ones.
//
// It is written each second with an fsync, by a thread of its own, so that a slow disk never stops the loop. Sequence
// numbers are reserved ahead: none is given out at or above the ceiling that is safely on disk.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/error.h"
#include "base/time.h"
#include "broker/clock.h"

namespace lifesign::broker {

struct State {
  std::uint64_t run = 0;
  std::uint64_t ceiling = 1;      // every seq given out is below it
  base::LogTime time{};           // log time when written
  base::Micros boot{0};           // CLOCK_BOOTTIME when written
  std::string boot_id;            // the kernel's, to know whether `boot` still counts from the same start
  std::uint64_t recorded = 0;     // the recorder's watermark
  base::LogTime recorded_time{};  // all up to here was recorded; 0: no recorder was ever seen

  bool operator==(const State&) const = default;
};

std::string write_state(const State& state);
base::Result<State> read_state(std::string_view text, const std::string& path);

// This boot's id, from /proc.
std::string boot_id();

// Where log time starts: it goes on from the kept time by CLOCK_BOOTTIME within one boot, whatever was done to the wall
// clock; after a reboot it is the wall clock, or what was kept (and up to a write's age more) if that is later.
base::LogTime start_time(const std::optional<State>& kept, const Reading& now, const std::string& boot_id);

// Owns the file and the thread that writes it.
class StateFile {
 public:
  // Nothing if there is none yet. A file that cannot be understood is an error that says what to do.
  static base::Result<std::optional<State>> load(const std::filesystem::path& path);

  explicit StateFile(std::filesystem::path path);
  ~StateFile();

  base::Status write_now(const State& state);  // waits for the disk: at start and at a new run
  // The last write of this process. The ceiling may be below earlier ones: nothing was given out between.
  base::Status write_last(const State& state);
  void write_later(const State& state);  // never waits; the newest wins
  std::uint64_t ceiling() const;         // on disk
  std::string last_error() const;        // empty: the last write went well

 private:
  void work();
  base::Status store(const State& state, bool last);

  const std::filesystem::path path_;
  std::mutex writing_;  // one write at a time
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::optional<State> waiting_;  // guarded by mutex_
  std::uint64_t ceiling_ = 0;     // guarded by mutex_
  std::string error_;             // guarded by mutex_
  bool stop_ = false;             // guarded by mutex_
  std::thread thread_;
};

}  // namespace lifesign::broker
