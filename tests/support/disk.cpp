#include "support/disk.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <optional>

namespace lifesign::tests {
namespace {

constexpr std::size_t page = 4096;

std::string content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::uint64_t inode_of(const std::filesystem::path& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

// Each page of `now` that differs from `synced` is taken with the probability of one in `one_in` (0: none).
std::string survivors(std::string synced, const std::string& now, std::uint64_t one_in, std::mt19937_64& random,
                      std::uint64_t& differ, std::uint64_t& kept) {
  for (std::size_t at = 0; at < now.size(); at += page) {
    const auto bytes = std::string_view(now).substr(at, page);
    if (at < synced.size() && std::string_view(synced).substr(at, page) == bytes) continue;
    ++differ;
    if (one_in == 0 || random() % one_in != 0) continue;
    ++kept;
    if (synced.size() < at + bytes.size()) synced.resize(at + bytes.size());
    synced.replace(at, bytes.size(), bytes);
  }
  return synced;
}

}  // namespace

Disk::Disk(System& system) : system_(system), work_(system.dir() / "disk"), store_(system.dir() / "store") {
  std::filesystem::create_directories(work_);
  sabotage("", "");
}

bool Disk::available() {
  return LIFESIGN_WITNESS[0] != '\0';
}

void Disk::sabotage(const std::string& swallow, const std::string& die) {
  system_.environment("recorder", {{"LD_PRELOAD", LIFESIGN_WITNESS},
                                   {"LIFESIGN_DISK", work_},
                                   {"LIFESIGN_DISK_STORE", store_},
                                   {"LIFESIGN_DISK_SWALLOW", swallow},
                                   {"LIFESIGN_DISK_DIE", die}});
}

std::string Disk::violations() const {
  return content(work_ / "violations");
}

std::uint64_t Disk::claims() const {
  const std::string lines = content(work_ / "claims");
  return static_cast<std::uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
}

std::uint64_t Disk::claimed() const {
  std::ifstream in(work_ / "claims");
  std::uint64_t last = 0;
  for (std::uint64_t claimed = 0, durable = 0; in >> claimed >> durable;) last = claimed;
  return last;
}

std::string Disk::lose_power(std::mt19937_64& random) {
  const auto file = store_ / "data.mdb";
  const std::uint64_t now = inode_of(file);
  std::uint64_t named = 0;
  std::ifstream(work_ / "named") >> named;
  // A name that was not synced may be on disk all the same.
  const bool by_name = named != 0 && std::filesystem::exists(work_ / "found");
  const bool there = now != 0 && (by_name || random() % 2 == 0);
  REQUIRE((!by_name || named == now));
  std::string said = by_name ? "" : there ? "a name that was not synced, " : "no file";
  std::uint64_t differ = 0, kept = 0;
  std::string left;
  if (there) {
    const std::uint64_t one_in = random() % 4;
    left = survivors(content(work_ / std::to_string(now) / "data.mdb"), content(file), one_in, random, differ, kept);
    said += fmt::format("{} of {} unsynced pages kept", kept, differ);
  }
  std::filesystem::remove(store_ / "lock.mdb");
  std::filesystem::remove(file);
  std::filesystem::remove(work_ / "named");
  if (now != 0) std::filesystem::remove_all(work_ / std::to_string(now));
  if (!there) return said;
  // From here on it is what the disk holds.
  std::ofstream(file, std::ios::binary) << left;
  const std::uint64_t fresh = inode_of(file);
  std::filesystem::create_directories(work_ / std::to_string(fresh));
  std::filesystem::copy_file(file, work_ / std::to_string(fresh) / "data.mdb",
                             std::filesystem::copy_options::overwrite_existing);
  std::ofstream(work_ / "named") << fresh;
  std::ofstream(work_ / "found").flush();
  return said;
}

}  // namespace lifesign::tests
