#include <fmt/format.h>
#include <lmdb.h>

#include <bit>
#include <memory>

#include "load/messages.h"
#include "load/plan.h"
#include "load/raw.h"
#include "load/temporary_folder.h"

namespace lifesign::load {
namespace {

constexpr std::size_t map_bytes = std::size_t{16} << 30;  // sparse; when it is full, what was measured so far counts
constexpr std::uint32_t records_per_commit_most = 4'096;

// Keys in the order of their numbers, as the log's are.
std::uint64_t big_endian(std::uint64_t n) {
  return std::endian::native == std::endian::little ? __builtin_bswap64(n) : n;
}

struct Close {
  void operator()(MDB_env* env) const { mdb_env_close(env); }
};

// LMDB's code of the first call that fails.
int commit(MDB_env* env, MDB_dbi dbi, std::uint64_t first, std::uint32_t records, const std::string& record) {
  MDB_txn* txn = nullptr;
  if (const int rc = mdb_txn_begin(env, nullptr, 0, &txn); rc != 0) return rc;
  for (std::uint64_t i = first; i < first + records; ++i) {
    std::uint64_t number = big_endian(i);
    MDB_val key{sizeof number, &number};
    MDB_val value{record.size(), const_cast<char*>(record.data())};
    if (const int rc = mdb_put(txn, dbi, &key, &value, MDB_APPEND); rc != 0) {
      mdb_txn_abort(txn);
      return rc;
    }
  }
  return mdb_txn_commit(txn);
}

int open(MDB_env* env, const std::string& path, MDB_dbi& dbi) {
  MDB_txn* txn = nullptr;
  int rc = mdb_env_set_mapsize(env, map_bytes);
  if (rc == 0) rc = mdb_env_open(env, path.c_str(), 0, 0600);
  if (rc == 0) rc = mdb_txn_begin(env, nullptr, 0, &txn);
  if (rc != 0) return rc;
  rc = mdb_dbi_open(txn, nullptr, 0, &dbi);
  return rc == 0 ? mdb_txn_commit(txn) : (mdb_txn_abort(txn), rc);
}

}  // namespace

base::Result<RawLmdb> measure_lmdb(const std::string& folder, std::size_t record_bytes,
                                   std::uint32_t records_per_commit, base::Micros duration) {
  auto made = TemporaryFolder::make(folder);
  if (!made.ok()) return made.error();
  MDB_env* raw = nullptr;
  MDB_dbi dbi = 0;
  int rc = mdb_env_create(&raw);
  const std::unique_ptr<MDB_env, Close> env(raw);
  if (rc == 0) rc = open(env.get(), made->path().string(), dbi);
  const std::string record(record_bytes, 'x');
  std::uint64_t commits = 0;
  const base::Micros began = base::monotonic_now();
  while (rc == 0 && base::monotonic_now() - began < duration) {
    rc = commit(env.get(), dbi, commits * records_per_commit, records_per_commit, record);
    commits += rc == 0;
  }
  if (rc != 0 && (rc != MDB_MAP_FULL || commits == 0))
    return base::Error{base::Code::io_failed, fmt::format("LMDB in {}: {}; name a folder on another disk with --folder",
                                                          made->path().string(), mdb_strerror(rc))};
  const double seconds = std::chrono::duration<double>(base::monotonic_now() - began).count();
  const double per_s = static_cast<double>(commits) / seconds;
  return RawLmdb{per_s, per_s * records_per_commit};
}

base::Result<Raw> measure_raw(const Options& options) {
  Raw out;
  out.batch = options.batch;
  Messages messages("bench-000000-", options.batch, ~0ull);
  out.message_bytes = messages.body({.count = options.batch}, {.run_seq = 1000}).size();
  out.records_per_commit = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(std::uint64_t{options.connections} * window_of(options), records_per_commit_most));
  auto zmq = measure_zmq(options.connections, out.message_bytes, options.raw_duration);
  if (!zmq.ok()) return zmq.error();
  out.zmq = *zmq;
  auto lmdb = measure_lmdb(options.folder, out.message_bytes, out.records_per_commit, options.raw_duration);
  if (!lmdb.ok()) return lmdb.error();
  out.lmdb = *lmdb;
  auto single = measure_lmdb(options.folder, out.message_bytes, 1, options.raw_duration);
  if (!single.ok()) return single.error();
  out.lmdb_single = *single;
  return out;
}

}  // namespace lifesign::load
