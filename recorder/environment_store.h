// The LMDB environment: opening it with every check that docs/storage.md promises, transactions, cursors.
//
// One process opens a folder for writing (it holds the data folder's recorder lock); others may open it read-only.
// One write transaction at a time, on one thread. Read transactions may be used on any thread, one thread at a time.
#pragma once

#include <lmdb.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "recorder/seal.h"

namespace lifesign::recorder {

inline constexpr std::uint64_t format_version = 1;

enum class Table : std::uint8_t { meta, log, events, keys, backfill, agents, count_ };

// What LMDB's return codes mean for a writer.
enum class Fault {
  none,
  full,   // map, disk or quota: abort, and try again when there is room
  fatal,  // all else, a failed write or fsync among it: stop
};
Fault fault_of(int rc);
std::string describe(int rc);
// An error of the database, as errors go to callers.
base::Error storage_error(std::string_view what, int rc);
base::Error damaged(std::string_view what);

using Handles = std::array<MDB_dbi, static_cast<std::size_t>(Table::count_)>;

// A transaction. Destroying one that was not committed aborts it. Bytes handed out live until then.
class Txn {
 public:
  Txn(Txn&& other) noexcept : dbi_(other.dbi_), txn_(std::exchange(other.txn_, nullptr)) {}
  Txn& operator=(Txn&&) = delete;
  ~Txn();

  // LMDB's return codes; MDB_NOTFOUND where there is none.
  int get(Table table, Bytes key, Bytes& value) const;
  int put(Table table, Bytes key, Bytes value, unsigned flags = 0);
  int erase(Table table, Bytes key);
  int commit();  // whatever it returns, the transaction is over
  std::uint64_t entries(Table table) const;

  // The payload of a sealed value: nothing where there is none, an error where its checksum is wrong.
  base::Result<std::optional<Bytes>> get_sealed(Table table, Bytes key) const;

  // Read transactions only: let go of the snapshot, and take the newest one.
  void reset();
  int renew();

 private:
  friend class EnvironmentStore;
  friend class Cursor;
  Txn(const Handles& dbi, MDB_txn* txn) : dbi_(&dbi), txn_(txn) {}
  MDB_dbi dbi(Table table) const { return (*dbi_)[static_cast<std::size_t>(table)]; }
  const Handles* dbi_;
  MDB_txn* txn_;
};

// A slot of the table of readers, of whatever process.
struct Reader {
  int pid = 0;
  std::optional<std::uint64_t> snapshot;  // number of the commit that it reads as of; nothing while it reads nothing
};

// Walks a table in key order. Must not outlive its transaction, nor its reset().
class Cursor {
 public:
  Cursor(const Txn& txn, Table table);
  Cursor(const Cursor&) = delete;
  Cursor& operator=(const Cursor&) = delete;
  ~Cursor();

  // Each is true if there is such an entry, which key() and value() then give.
  bool first() { return step(MDB_FIRST); }
  bool last() { return step(MDB_LAST); }
  bool next() { return step(MDB_NEXT); }
  bool previous() { return step(MDB_PREV); }
  bool at_or_after(Bytes key);
  bool at_or_before(Bytes key);
  Bytes key() const { return key_; }
  Bytes value() const { return value_; }
  int error() const { return error_; }  // 0 unless LMDB failed; MDB_NOTFOUND is no failure

 private:
  bool step(MDB_cursor_op op, Bytes key = {});
  MDB_cursor* cursor_ = nullptr;
  Bytes key_, value_;
  int error_ = 0;
};

class EnvironmentStore {
 public:
  enum class Mode { write, read_only };

  // `folder` is made where it is missing (write). A new database comes into being whole, with its tables and format
  // version. Whatever a writer finds is through an fsync when this returns, and so are the names that lead to it.
  // Errors: folder not writable, cut or foreign file, newer format; each says what to do.
  static base::Result<EnvironmentStore> open(const std::filesystem::path& folder, std::uint64_t max_bytes, Mode mode);

  base::Result<Txn> begin_write() const;
  base::Result<Txn> begin_read() const;

  std::uint64_t max_bytes() const;
  std::uint64_t used_bytes() const;  // pages that were ever used; freed ones are used again
  // What the disk and this process's limit on the size of files leave for the file to grow.
  std::uint64_t disk_room() const;
  // Frees the slots of readers that died: each would keep every page since its snapshot from being used again.
  void clear_stale_readers();
  std::vector<Reader> readers() const;
  std::uint64_t last_commit() const;                              // its number; each commit's is one higher
  std::uint64_t stale_readers() const { return stale_readers_; }  // slots of dead processes, cleared at opening

 private:
  friend class Txn;
  friend class Cursor;
  struct Close {
    void operator()(MDB_env* env) const { mdb_env_close(env); }
  };
  explicit EnvironmentStore(MDB_env* env) : env_(env) {}
  static base::Result<EnvironmentStore> open_database(const std::filesystem::path& folder, std::uint64_t max_bytes,
                                                      Mode mode);
  static base::Status make_database(const std::filesystem::path& folder, std::uint64_t max_bytes);
  base::Status open_tables(const std::filesystem::path& folder, Mode mode);

  std::unique_ptr<MDB_env, Close> env_;
  std::unique_ptr<Handles> dbi_ = std::make_unique<Handles>();
  std::uint64_t stale_readers_ = 0;
};

}  // namespace lifesign::recorder
