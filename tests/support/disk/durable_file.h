// What a disk must still hold of one database file after a power cut: the writes that were done before an fsync which
// began after them and has ended. It is kept as a file of its own, the *image*, so that it outlives the process.
//
// The image may lag by a SIGKILL amid its own writing: then some of what was being synced is in it and some is not, as
// on a disk.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace lifesign::tests {

inline constexpr std::uint64_t disk_page = 4096;  // what a disk writes whole

class DurableFile {
 public:
  struct Write {
    std::uint64_t offset = 0;
    std::string bytes;
  };

  // `file` is being opened for writing; `folder` will hold its image, data.mdb. What the file holds beyond the image,
  // from a process before this one, counts as written and not synced.
  DurableFile(const std::filesystem::path& file, std::filesystem::path folder);

  void wrote(Write write) { unsynced_.push_back(std::move(write)); }
  // Hands out what an fsync that begins now will cover; to be given back with `synced` once it has succeeded.
  std::vector<Write> begin_sync();
  void synced(const std::vector<Write>& writes);

  bool all_synced() const { return unsynced_.empty() && syncing_ == 0; }
  // The last seq that a recorder which opens the image finds. Only while the image is whole, see Witness.
  std::uint64_t position();

 private:
  const std::filesystem::path folder_;
  int image_ = -1;
  int syncing_ = 0;  // fsyncs under way
  std::vector<Write> unsynced_;
};

}  // namespace lifesign::tests
