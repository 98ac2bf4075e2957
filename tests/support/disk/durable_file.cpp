#include "support/disk/durable_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "recorder/chunk.h"
#include "recorder/environment_store.h"
#include "recorder/position.h"

namespace lifesign::tests {
namespace {

std::string content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

DurableFile::DurableFile(const std::filesystem::path& file, std::filesystem::path folder) : folder_(std::move(folder)) {
  std::filesystem::create_directories(folder_);
  const auto path = folder_ / "data.mdb";
  const std::string kept = content(path), now = content(file);
  for (std::uint64_t at = 0; at < now.size(); at += disk_page) {
    const auto page = std::string_view(now).substr(at, disk_page);
    if (at >= kept.size() || std::string_view(kept).substr(at, disk_page) != page) wrote({at, std::string(page)});
  }
  image_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
}

std::vector<DurableFile::Write> DurableFile::begin_sync() {
  ++syncing_;
  return std::exchange(unsynced_, {});
}

void DurableFile::synced(const std::vector<Write>& writes) {
  --syncing_;
  for (const Write& write : writes) {
    const auto offset = static_cast<off_t>(write.offset);
    if (::pwrite(image_, write.bytes.data(), write.bytes.size(), offset) != static_cast<ssize_t>(write.bytes.size()))
      ::abort();  // the witness has no room: nothing that it says would be true
  }
}

std::uint64_t DurableFile::position() {
  using namespace recorder;
  if (std::error_code none; std::filesystem::file_size(folder_ / "data.mdb", none) == 0) return 0;
  // Opened anew each time: LMDB asks its own writer for the newest commit, and the image has none.
  const auto store = EnvironmentStore::open(folder_, 0, EnvironmentStore::Mode::read_only);
  if (!store.ok()) return 0;
  auto txn = store->begin_read();
  if (!txn.ok()) return 0;
  const auto stored = txn->get_sealed(Table::meta, Position::key);
  Position position;
  if (!stored.ok() || !stored->has_value() || !decode_position(**stored, position).ok()) return 0;
  // The position alone is a promise; the log must reach there.
  Cursor log(*txn, Table::log);
  Bytes payload;
  Chunk chunk;
  if (!log.last() || log.key().size() != 8 || !unseal(log.key(), log.value(), payload)) return 0;
  if (!decode_chunk(from_be64(log.key()), payload, chunk).ok()) return 0;
  return std::min(position.seq, chunk.header.next_seq - 1);
}

}  // namespace lifesign::tests
