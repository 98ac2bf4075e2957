// Watches a recorder from between it and the C library: what it writes to its store, what it syncs, and what it calls
// recorded. Says in a file whatever breaks the promise "recorded means through an fsync".
//
// Two rules:
// - a meta page of LMDB is written only when every page that it leads to is through an fsync: a disk writes in any
// order;
// - a seq that is called recorded (`recorded` of the log feed, and `start`, which vouches for all below it) is in what
//   the disk must hold by now, under a name that the folder must hold by now.
//
// The environment says how (see support/disk.h, which sets it):
//   LIFESIGN_DISK          folder for the images, `violations` and `claims`; unset: nothing is watched
//   LIFESIGN_DISK_STORE    the store that is watched
//   LIFESIGN_DISK_SWALLOW  data, meta or folder: that kind of sync is not done, and the caller is told that it was
//   LIFESIGN_DISK_DIE      n: SIGKILL at the nth step; each write has one when it is done and not synced, each fsync
//                          one before and one after it. meta:n: only those of the meta pages are counted
#pragma once

#include <sys/stat.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "support/disk/durable_file.h"

namespace lifesign::tests {

class Witness {
 public:
  static Witness* get();  // nullptr: nothing is watched

  enum class Sync { data, meta, folder };
  bool swallows(Sync sync) const { return swallow_ == sync; }

  bool is_database(const char* path) const;
  void opened(int fd, const char* path, int flags);
  void closed(int fd);
  bool watches(int fd);
  bool writes_through(int fd);  // opened with O_DSYNC

  // After the fact. `through`: the write itself was a sync.
  void wrote(int fd, DurableFile::Write write, bool through);
  struct Syncing {
    DurableFile* file = nullptr;
    std::vector<DurableFile::Write> writes;
  };
  Syncing begin_sync(int fd);
  void synced(const Syncing& syncing);
  void synced_folder(int fd);

  // The recorder is about to say this to the broker.
  void says(std::string_view frame);
  void violation(const std::string& what);

 private:
  Witness(std::filesystem::path work, std::filesystem::path store);
  struct Open {
    DurableFile* file = nullptr;
    bool through = false;
  };
  void step(bool meta = false);
  void check_meta(const DurableFile& file);
  void claim(std::uint64_t seq);
  void append(const char* file, const std::string& line) const;

  const std::filesystem::path work_, store_;
  std::optional<Sync> swallow_;
  std::mutex mutex_;
  std::map<ino_t, std::unique_ptr<DurableFile>> files_;
  std::map<int, Open> open_;
  std::uint64_t steps_left_ = 0;  // to the death asked for; 0: none
  bool only_meta_ = false;
  bool broken_ = false;  // a rule was broken: the images are not to be read
};

}  // namespace lifesign::tests
