#include "recorder/commit_store.h"

#include <cerrno>

#include "recorder/chunk.h"

namespace lifesign::recorder {
namespace {

// Writes of one transaction: the first failure sticks, and what comes after it is not tried.
class Writes {
 public:
  Writes(Txn& txn, std::uint64_t prev_next) : txn_(txn), prev_next_(prev_next) {}

  void add(const Work& work) {
    chunk(work);
    for (const StoredEvent& e : work.events) {
      sealed(Table::events, be64(e.seq), e.map, MDB_APPEND);
      // The intake looked the key up: it is new.
      if (!e.key.empty()) put(Table::keys, e.key, be64(e.seq), MDB_NOOVERWRITE);
    }
    for (const StoredBackfill& b : work.backfill) {
      sealed(Table::backfill, b.key, b.beat);
      if (!b.identity.empty()) put(Table::keys, b.identity, be64(b.seq), MDB_NOOVERWRITE);
    }
    for (const RowChange& r : work.rows) row(r);
    if (work.fleet) sealed(Table::meta, "fleet", *work.fleet);
  }

  int finish(const Position& position) {
    flush();
    sealed(Table::meta, Position::key, encode_position(position));
    return rc_;
  }
  std::uint64_t prev_next() const { return prev_next_; }

 private:
  void chunk(const Work& work) {
    const bool follows = header_.next_seq == work.first_seq && run_ == work.position.broker_run;
    if (!entries_.empty() && (!follows || entries_.size() + work.entries.size() > chunk_bytes - overhead)) flush();
    if (entries_.empty()) {
      header_ = ChunkHeader{};
      header_.broker_run = run_ = work.position.broker_run;
      header_.first_seq = work.first_seq;
      header_.first_time = work.first_time;
    }
    for (const std::uint32_t offset : work.repeats) {
      header_.repeats.push_back(static_cast<std::uint32_t>(work.first_seq - header_.first_seq) + offset);
    }
    header_.next_seq = work.next_seq;
    header_.last_time = work.last_time;
    entries_.append(work.entries);
  }

  void flush() {
    if (entries_.empty()) return;
    header_.prev_next = prev_next_;
    sealed(Table::log, be64(header_.first_seq), encode_chunk(header_, entries_), MDB_APPEND);
    prev_next_ = header_.next_seq;
    entries_.clear();
  }

  void row(const RowChange& change) {
    if (!change.payload.empty()) return sealed(Table::agents, change.agent_id, change.payload);
    if (rc_ != 0) return;
    rc_ = txn_.erase(Table::agents, change.agent_id);
    if (rc_ == MDB_NOTFOUND) rc_ = 0;  // it was never written out
  }

  void sealed(Table table, Bytes key, Bytes payload, unsigned flags = 0) { put(table, key, seal(key, payload), flags); }
  void put(Table table, Bytes key, Bytes value, unsigned flags = 0) {
    if (rc_ == 0) rc_ = txn_.put(table, key, value, flags);
  }

  static constexpr std::size_t overhead = 128;  // header, checksum, a few repeats

  Txn& txn_;
  std::uint64_t prev_next_;
  std::uint64_t run_ = 0;
  ChunkHeader header_;
  std::string entries_;
  int rc_ = 0;
};

// Generously: pages that are only partly filled, and the trees' own.
std::uint64_t room_needed(const std::deque<Work>& works) {
  std::uint64_t bytes = 1 << 20;
  for (const Work& work : works) bytes += 2 * work.bytes();
  return bytes;
}

}  // namespace

CommitResult CommitStore::commit(const std::deque<Work>& works) {
  LIFESIGN_ASSERT(!works.empty(), "nothing to commit");
  LIFESIGN_ASSERT(works.front().first_seq >= prev_next_, "{} after {}", works.front().first_seq, prev_next_);
  constexpr unsigned commits_between_checks = 16;  // a look at 126 slots is cheap beside an fsync
  if (commits_++ % commits_between_checks == 0) env_->clear_stale_readers();
  auto txn = env_->begin_write();
  if (!txn.ok()) return {Fault::fatal, txn.error().message};
  Writes writes(*txn, prev_next_);
  for (const Work& work : works) writes.add(work);
  int rc = writes.finish(works.back().position);
  if (rc == 0) rc = txn->commit();
  // LMDB says EIO where a write was cut short, which is how most disks say that they are full. Trying again is sound:
  // the aborted transaction's pages are nowhere referred to, and are all written and synced anew.
  if (rc == EIO && env_->disk_room() < room_needed(works)) rc = ENOSPC;
  if (rc != 0) return {fault_of(rc), describe(rc)};
  prev_next_ = writes.prev_next();
  return {};
}

}  // namespace lifesign::recorder
