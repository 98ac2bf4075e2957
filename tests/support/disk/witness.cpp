#include "support/disk/witness.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "wire/log.h"

namespace lifesign::tests {
namespace {

constexpr std::uint64_t meta_pages = 2;  // the first ones of the file

thread_local bool inside = false;  // what the witness itself does is not watched

struct Inside {
  Inside() { inside = true; }
  ~Inside() { inside = false; }
};

std::string environment(const char* name) {
  const char* text = std::getenv(name);
  return text == nullptr ? "" : text;
}

std::uint64_t inode_of(const std::filesystem::path& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

}  // namespace

Witness* Witness::get() {
  if (inside) return nullptr;
  static Witness* const witness = []() -> Witness* {
    const std::string work = environment("LIFESIGN_DISK"), store = environment("LIFESIGN_DISK_STORE");
    return work.empty() || store.empty() ? nullptr : new Witness(work, store);
  }();
  return witness;
}

Witness::Witness(std::filesystem::path work, std::filesystem::path store)
    : work_(std::move(work)), store_(std::move(store)) {
  const std::string swallow = environment("LIFESIGN_DISK_SWALLOW"), die = environment("LIFESIGN_DISK_DIE");
  constexpr std::string_view meta = "meta:";
  if (swallow == "data") swallow_ = Sync::data;
  if (swallow == "meta") swallow_ = Sync::meta;
  if (swallow == "folder") swallow_ = Sync::folder;
  only_meta_ = die.starts_with(meta);
  if (!die.empty()) steps_left_ = std::stoull(only_meta_ ? die.substr(meta.size()) : die);
}

bool Witness::is_database(const char* path) const {
  const std::string_view text(path);
  return text.starts_with(store_.native()) && text.ends_with("/data.mdb");
}

void Witness::opened(int fd, const char* path, int flags) {
  if (fd < 0 || (flags & O_ACCMODE) == O_RDONLY || !is_database(path)) return;
  const std::lock_guard lock(mutex_);
  const Inside here;
  auto& file = files_[inode_of(path)];
  if (!file) file = std::make_unique<DurableFile>(path, work_ / std::to_string(inode_of(path)));
  open_[fd] = {file.get(), (flags & O_DSYNC) != 0};
}

void Witness::closed(int fd) {
  const std::lock_guard lock(mutex_);
  open_.erase(fd);
}

bool Witness::watches(int fd) {
  const std::lock_guard lock(mutex_);
  return open_.contains(fd);
}

bool Witness::writes_through(int fd) {
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(fd);
  return found != open_.end() && found->second.through;
}

void Witness::step(bool meta) {
  if (only_meta_ && !meta) return;
  if (steps_left_ > 0 && --steps_left_ == 0) ::kill(::getpid(), SIGKILL);
}

void Witness::check_meta(const DurableFile& file) {
  if (file.all_synced()) return;
  violation("a meta page was written before what it leads to was through an fsync: a disk may write it first");
  broken_ = true;
}

void Witness::wrote(int fd, DurableFile::Write write, bool through) {
  const std::lock_guard lock(mutex_);
  const Inside here;
  const Open open = open_.at(fd);
  const bool meta = write.offset < meta_pages * disk_page;
  step(meta);
  if (meta) check_meta(*open.file);
  if (!through || swallows(Sync::meta)) return open.file->wrote(std::move(write));
  // Only this write is through: what waits besides stays unsynced.
  auto others = open.file->begin_sync();
  open.file->synced({std::move(write)});
  for (auto& other : others) open.file->wrote(std::move(other));
}

Witness::Syncing Witness::begin_sync(int fd) {
  const std::lock_guard lock(mutex_);
  const Inside here;
  step();
  DurableFile* file = open_.at(fd).file;
  return {file, file->begin_sync()};
}

void Witness::synced(const Syncing& syncing) {
  const std::lock_guard lock(mutex_);
  const Inside here;
  step();
  syncing.file->synced(syncing.writes);
}

// What is durable of names: `named` holds the inode of the file that the store's folder must hold, `found` is there
// once the data folder must hold the store.
void Witness::synced_folder(int fd) {
  const std::lock_guard lock(mutex_);
  const Inside here;
  std::error_code failed;
  const auto folder = std::filesystem::read_symlink(fmt::format("/proc/self/fd/{}", fd), failed);
  if (failed || (folder != store_ && folder != store_.parent_path())) return;
  step();
  if (folder == store_.parent_path() && std::filesystem::exists(store_)) std::ofstream(work_ / "found").flush();
  if (const auto inode = inode_of(store_ / "data.mdb"); folder == store_ && inode != 0) {
    std::ofstream(work_ / "named.new") << inode;
    std::filesystem::rename(work_ / "named.new", work_ / "named");
  }
}

void Witness::says(std::string_view frame) {
  wire::LogRequest request;
  if (!wire::read_log_request(frame, request).ok()) return;
  const std::lock_guard lock(mutex_);
  const Inside here;
  if (request.type == wire::LogRequest::Type::recorded) claim(request.value);
  if (request.type == wire::LogRequest::Type::start && request.value > 0) claim(request.value - 1);
}

void Witness::claim(std::uint64_t seq) {
  if (seq == 0 || broken_) return;
  std::uint64_t inode = 0;
  std::ifstream(work_ / "named") >> inode;
  const auto found = files_.find(inode);
  if (found == files_.end() || !std::filesystem::exists(work_ / "found")) {
    broken_ = true;
    return violation(fmt::format("{} is called recorded, and no folder was synced that holds the file's name", seq));
  }
  const std::uint64_t durable = found->second->position();
  append("claims", fmt::format("{} {}", seq, durable));
  if (seq > durable) violation(fmt::format("{} is called recorded, and {} is the last that is through", seq, durable));
}

void Witness::violation(const std::string& what) {
  append("violations", what);
}

void Witness::append(const char* file, const std::string& line) const {
  std::ofstream(work_ / file, std::ios::app) << line + "\n";
}

}  // namespace lifesign::tests
