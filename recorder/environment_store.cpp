#include "recorder/environment_store.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "recorder/data_file.h"
#include "recorder/folder_sync.h"
#include "wire/writer.h"

namespace lifesign::recorder {
namespace {

constexpr std::array<const char*, static_cast<std::size_t>(Table::count_)> table_names = {"meta", "log",      "events",
                                                                                          "keys", "backfill", "agents"};
constexpr unsigned max_readers = 126;
constexpr mdb_mode_t file_mode = 0600;
constexpr std::string_view format_key = "format";
constexpr const char* aside = "new";  // the folder in which a new database is made

base::Error cannot_open(const std::filesystem::path& path, int rc) {
  if (rc == MDB_INVALID)
    return damaged(fmt::format("{} is not an LMDB database; restore it from a copy", path.string()));
  if (rc == MDB_VERSION_MISMATCH) {
    return damaged(fmt::format("{} was written by another version of LMDB", path.string()));
  }
  std::string hint;
  if (rc == EACCES || rc == EPERM) hint = "; the recorder must be able to write there: check its owner and mode";
  if (rc == EROFS) hint = "; the recorder needs a file system that it can write to";
  return {base::Code::storage_failed, fmt::format("cannot open {}: {}{}", path.string(), describe(rc), hint)};
}

std::string sealed_version() {
  std::string payload;
  wire::Writer(payload).u64(format_version);
  return seal(format_key, payload);
}

base::Status check_version(const std::filesystem::path& folder, const Txn& txn) {
  auto payload = txn.get_sealed(Table::meta, format_key);
  if (!payload.ok()) return payload.error();
  if (!payload->has_value()) return damaged(fmt::format("{} holds no format version", folder.string()));
  std::uint64_t version = 0;
  if (!wire::Reader(**payload).u64(version) || version == 0) {
    return damaged(fmt::format("{}: its format version cannot be read", folder.string()));
  }
  if (version <= format_version) return {};
  return base::Error{base::Code::storage_failed,
                     fmt::format("{} has format version {}, this program knows versions up to {}: use the newer "
                                 "program that wrote it",
                                 folder.string(), version, format_version)};
}

MDB_val to_val(Bytes b) {
  return {b.size(), const_cast<char*>(b.data())};
}
Bytes to_bytes(const MDB_val& v) {
  return {static_cast<const char*>(v.mv_data), v.mv_size};
}

}  // namespace

Fault fault_of(int rc) {
  switch (rc) {
    case 0:
      return Fault::none;
    case MDB_MAP_FULL:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return Fault::full;
    default:
      return Fault::fatal;
  }
}

std::string describe(int rc) {
  if (rc == MDB_MAP_FULL) return "the database has reached its bound (recorder.max_size)";
  if (rc == MDB_READERS_FULL) {
    return fmt::format("all {} reader slots of the database are taken: end some of the other programs that read it",
                       max_readers);
  }
  return mdb_strerror(rc);
}

base::Error storage_error(std::string_view what, int rc) {
  return {base::Code::storage_failed, fmt::format("{}: {}", what, describe(rc))};
}

base::Error damaged(std::string_view what) {
  return {base::Code::storage_failed, fmt::format("damaged database: {}", what)};
}

Txn::~Txn() {
  if (txn_ != nullptr) mdb_txn_abort(txn_);
}

int Txn::get(Table table, Bytes key, Bytes& value) const {
  MDB_val k = to_val(key), v{};
  const int rc = mdb_get(txn_, dbi(table), &k, &v);
  if (rc == 0) value = to_bytes(v);
  return rc;
}

int Txn::put(Table table, Bytes key, Bytes value, unsigned flags) {
  MDB_val k = to_val(key), v = to_val(value);
  return mdb_put(txn_, dbi(table), &k, &v, flags);
}

int Txn::erase(Table table, Bytes key) {
  MDB_val k = to_val(key);
  return mdb_del(txn_, dbi(table), &k, nullptr);
}

int Txn::commit() {
  return mdb_txn_commit(std::exchange(txn_, nullptr));
}

std::uint64_t Txn::entries(Table table) const {
  MDB_stat stat{};
  return mdb_stat(txn_, dbi(table), &stat) == 0 ? stat.ms_entries : 0;
}

base::Result<std::optional<Bytes>> Txn::get_sealed(Table table, Bytes key) const {
  Bytes value, payload;
  const int rc = get(table, key, value);
  if (rc == MDB_NOTFOUND) return std::optional<Bytes>();
  const char* name = table_names[static_cast<std::size_t>(table)];
  if (rc != 0) return storage_error(fmt::format("reading table {}", name), rc);
  if (!unseal(key, value, payload)) return damaged(fmt::format("table {}: a value's checksum is wrong", name));
  return std::optional<Bytes>(payload);
}

void Txn::reset() {
  mdb_txn_reset(txn_);
}
int Txn::renew() {
  return mdb_txn_renew(txn_);
}

Cursor::Cursor(const Txn& txn, Table table) {
  error_ = mdb_cursor_open(txn.txn_, txn.dbi(table), &cursor_);
}

Cursor::~Cursor() {
  if (cursor_ != nullptr) mdb_cursor_close(cursor_);
}

bool Cursor::at_or_after(Bytes key) {
  return step(MDB_SET_RANGE, key);
}

bool Cursor::at_or_before(Bytes key) {
  if (!step(MDB_SET_RANGE, key)) return error_ == 0 && last();
  return key_ == key || previous();
}

bool Cursor::step(MDB_cursor_op op, Bytes key) {
  if (error_ != 0) return false;
  MDB_val k = to_val(key), v{};
  const int rc = mdb_cursor_get(cursor_, &k, &v, op);
  if (rc != 0) {
    if (rc != MDB_NOTFOUND) error_ = rc;
    return false;
  }
  key_ = to_bytes(k);
  value_ = to_bytes(v);
  return true;
}

base::Result<EnvironmentStore> EnvironmentStore::open(const std::filesystem::path& folder, std::uint64_t max_bytes,
                                                      Mode mode) {
  const auto file = folder / "data.mdb";
  std::error_code failed;
  if (mode == Mode::write) {
    std::filesystem::create_directories(folder, failed);
    if (failed) return cannot_open(folder, failed.value());
  }
  // An empty file is one into which nothing was ever written.
  const auto size = std::filesystem::file_size(file, failed);
  const bool fresh = (failed == std::errc::no_such_file_or_directory || (!failed && size == 0)) && mode == Mode::write;
  if (mode == Mode::write) std::filesystem::remove_all(folder / aside, failed);  // what a start that was cut short left
  if (fresh) {
    if (auto status = make_database(folder, max_bytes); !status.ok()) return status.error();
  }
  auto inspected = inspect_data_file(file);
  if (!inspected.ok()) return inspected.error();
  auto store = open_database(folder, max_bytes, mode);
  if (!store.ok() || mode == Mode::read_only) return store;
  // A writer that was killed amid a commit leaves it in the page cache, where we read it like any other. Who vouches
  // for it, or writes on the strength of it, must know that it is on disk.
  if (const int rc = mdb_env_sync(store->env_.get(), 1); rc != 0) return storage_error("syncing " + file.string(), rc);
  for (const auto& named : {folder, std::filesystem::absolute(folder).parent_path()}) {
    if (auto status = sync_folder(named); !status.ok()) return status.error();
  }
  return store;
}

// LMDB writes a new file's first pages in place; after a power cut amid that there may be anything in it. So it is made
// aside, and gets its name when it is whole and through an fsync.
base::Status EnvironmentStore::make_database(const std::filesystem::path& folder, std::uint64_t max_bytes) {
  const auto made_in = folder / aside;
  std::error_code failed;
  std::filesystem::create_directory(made_in, failed);
  if (failed) return cannot_open(made_in, failed.value());
  if (auto made = open_database(made_in, max_bytes, Mode::write); !made.ok()) return made.error();
  std::filesystem::rename(made_in / "data.mdb", folder / "data.mdb", failed);
  if (failed) return cannot_open(folder / "data.mdb", failed.value());
  std::filesystem::remove_all(made_in, failed);
  return {};
}

base::Result<EnvironmentStore> EnvironmentStore::open_database(const std::filesystem::path& folder,
                                                               std::uint64_t max_bytes, Mode mode) {
  MDB_env* env = nullptr;
  if (const int rc = mdb_env_create(&env); rc != 0) return storage_error("creating an environment", rc);
  EnvironmentStore store(env);
  mdb_env_set_maxdbs(env, static_cast<MDB_dbi>(table_names.size()));
  mdb_env_set_maxreaders(env, max_readers);
  if (mode == Mode::write) {
    if (const int rc = mdb_env_set_mapsize(env, max_bytes); rc != 0) return storage_error("setting the bound", rc);
  }
  const unsigned flags = MDB_NOTLS | MDB_NORDAHEAD | (mode == Mode::read_only ? MDB_RDONLY : 0u);
  if (const int rc = mdb_env_open(env, folder.c_str(), flags, file_mode); rc != 0) return cannot_open(folder, rc);
  int stale = 0;
  if (mdb_reader_check(env, &stale) == 0) store.stale_readers_ = static_cast<std::uint64_t>(stale);
  if (auto status = store.open_tables(folder, mode); !status.ok()) return status.error();
  return store;
}

base::Status EnvironmentStore::open_tables(const std::filesystem::path& folder, Mode mode) {
  auto txn = mode == Mode::write ? begin_write() : begin_read();
  if (!txn.ok()) return txn.error();
  MDB_stat root{};
  MDB_dbi main = 0;
  int rc = mdb_dbi_open(txn->txn_, nullptr, 0, &main);
  if (rc == 0) rc = mdb_stat(txn->txn_, main, &root);
  if (rc != 0) return storage_error(folder.string(), rc);
  const bool is_new = root.ms_entries == 0 && mode == Mode::write;
  for (std::size_t i = 0; i < table_names.size(); ++i) {
    rc = mdb_dbi_open(txn->txn_, table_names[i], is_new ? MDB_CREATE : 0u, &(*dbi_)[i]);
    if (rc == MDB_NOTFOUND) return damaged(fmt::format("{} has no table {}", folder.string(), table_names[i]));
    if (rc != 0) return storage_error(folder.string(), rc);
    // The version is looked at before the tables that a newer version may have replaced.
    if (i == 0 && !is_new) {
      if (auto status = check_version(folder, *txn); !status.ok()) return status;
    }
  }
  if (is_new) rc = txn->put(Table::meta, format_key, sealed_version());
  if (rc == 0) rc = txn->commit();
  if (rc != 0) return storage_error(fmt::format("preparing {}", folder.string()), rc);
  return {};
}

void EnvironmentStore::clear_stale_readers() {
  int dead = 0;
  mdb_reader_check(env_.get(), &dead);
}

// LMDB tells of its readers in lines of text only: pid, thread, and the commit's number or "-".
std::vector<Reader> EnvironmentStore::readers() const {
  std::vector<Reader> out;
  const auto take = [](const char* line, void* into) {
    Reader reader;
    unsigned long long snapshot = 0;
    const int fields = std::sscanf(line, "%d %*s %llu", &reader.pid, &snapshot);
    if (fields == 2) reader.snapshot = snapshot;
    if (fields >= 1) static_cast<std::vector<Reader>*>(into)->push_back(reader);  // others are headings
    return 0;
  };
  mdb_reader_list(env_.get(), take, &out);
  return out;
}

std::uint64_t EnvironmentStore::last_commit() const {
  MDB_envinfo info{};
  mdb_env_info(env_.get(), &info);
  return info.me_last_txnid;
}

base::Result<Txn> EnvironmentStore::begin_write() const {
  MDB_txn* txn = nullptr;
  if (const int rc = mdb_txn_begin(env_.get(), nullptr, 0, &txn); rc != 0) {
    return storage_error("beginning to write", rc);
  }
  return Txn(*dbi_, txn);
}

base::Result<Txn> EnvironmentStore::begin_read() const {
  MDB_txn* txn = nullptr;
  if (const int rc = mdb_txn_begin(env_.get(), nullptr, MDB_RDONLY, &txn); rc != 0) {
    return storage_error("beginning to read", rc);
  }
  return Txn(*dbi_, txn);
}

std::uint64_t EnvironmentStore::max_bytes() const {
  MDB_envinfo info{};
  mdb_env_info(env_.get(), &info);
  return info.me_mapsize;
}

std::uint64_t EnvironmentStore::disk_room() const {
  mdb_filehandle_t fd = -1;
  struct statvfs disk {};
  struct stat file {};
  rlimit most{};
  if (mdb_env_get_fd(env_.get(), &fd) != 0 || ::fstatvfs(fd, &disk) != 0 || ::fstat(fd, &file) != 0) return ~0ull;
  std::uint64_t room = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  if (::getrlimit(RLIMIT_FSIZE, &most) == 0 && most.rlim_cur != RLIM_INFINITY) {
    const auto size = static_cast<std::uint64_t>(file.st_size);
    room = std::min<std::uint64_t>(room, most.rlim_cur > size ? most.rlim_cur - size : 0);
  }
  return room;
}

std::uint64_t EnvironmentStore::used_bytes() const {
  MDB_envinfo info{};
  MDB_stat stat{};
  mdb_env_info(env_.get(), &info);
  mdb_env_stat(env_.get(), &stat);
  return (info.me_last_pgno + 1) * stat.ms_psize;
}

}  // namespace lifesign::recorder
