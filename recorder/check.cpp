#include "recorder/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "recorder/data_file.h"
#include "recorder/log_store.h"
#include "recorder/state.h"
#include "wire/beat.h"
#include "wire/event.h"

namespace lifesign::recorder {
namespace {

constexpr std::uint64_t readonly_map = 0;  // LMDB takes the map's size from the file

// One piece after the other, each in a snapshot of its own. Between two of them a recorder adds to every table, and
// changes and deletes agents' rows; it never changes or deletes what lies in the others. So a chunk and an event at or
// below the first position are the same in each snapshot, and are complete; keys and rows are compared with what is
// beside them in their own.
class Checker {
 public:
  Checker(Txn txn, const CheckOptions& options, CheckReport& report)
      : txn_(std::move(txn)), options_(options), report_(report) {}

  // An error: it could not go on, which says nothing of the database.
  base::Status run() {
    read_position();
    first_ = now_;
    check_position();
    check_log();
    check_events();
    check_keys();
    check_backfill();
    check_agents();
    return status_;
  }

 private:
  template <class... Args>
  void fault(fmt::format_string<Args...> format, Args&&... args) {
    ++report_.fault_count;
    if (report_.faults.size() < CheckReport::most_faults) {
      report_.faults.push_back(fmt::format(format, std::forward<Args>(args)...));
    }
  }

  void read_position() {
    if (position_is_bad_) return;
    auto position = stored_position(txn_);
    if (position.ok()) {
      now_ = *position;
      return;
    }
    fault("{}", position.error().message);
    position_is_bad_ = true;
  }

  bool renew() {
    if (!status_.ok()) return false;
    txn_.reset();
    if (options_.between) options_.between();
    if (const int rc = txn_.renew(); rc != 0) {  // as when a recorder began anew with a larger bound
      status_ = storage_error("the check could not go on, run it again", rc);
      return false;
    }
    read_position();
    return true;
  }

  // Without a position that can be read nothing is compared with it.
  bool is_new(std::uint64_t seq) const { return !position_is_bad_ && seq > first_.seq; }
  bool is_ahead(std::uint64_t seq) const { return !position_is_bad_ && seq > now_.seq; }

  // `each` gets key and value, and says whether to go on.
  template <class Each>
  void walk(Table table, std::string_view name, Each each) {
    std::string from;  // where the next snapshot goes on; empty: at the beginning
    for (bool more = true; more;) {
      if (!renew()) return;
      Cursor cursor(txn_, table);
      more = from.empty() ? cursor.first() : cursor.at_or_after(from);
      for (std::size_t n = 0; more && n < options_.records_per_snapshot; ++n)
        more = each(cursor.key(), cursor.value()) && cursor.next();
      if (more) from.assign(cursor.key());
      if (cursor.error() != 0) fault("{}: {}", name, describe(cursor.error()));
    }
  }

  // Of a table in order of seq.
  void check_end(Table table, std::string_view name) {
    if (!renew()) return;
    Cursor cursor(txn_, table);
    if (!cursor.last() || cursor.key().size() != 8) return;
    if (const auto seq = from_be64(cursor.key()); is_ahead(seq))
      fault("{}: it goes on to seq {}, the position is {}", name, seq, now_.seq);
  }

  void check_position() {
    report_.position = first_.seq;
    report_.broker_run = first_.broker_run;
    if (first_.sweep_from > first_.seq)
      fault("the last sweep began at seq {}, after the position {}", first_.sweep_from, first_.seq);
    auto fleet = txn_.get_sealed(Table::meta, "fleet");
    if (!fleet.ok()) return fault("the fleet's state: {}", fleet.error().message);
    if (!fleet->has_value()) return;
    liveness::FleetState state;
    wire::Reader reader(**fleet);
    if (auto status = liveness::decode(reader, state); !status.ok())
      fault("the fleet's state: {}", status.error().message);
  }

  void check_log() {
    std::uint64_t previous = 0;
    base::LogTime time{};
    walk(Table::log, "log", [&](Bytes key, Bytes value) {
      if (key.size() != 8) {
        fault("a key of the log is not a seq");
        return true;
      }
      const std::uint64_t first = from_be64(key);
      if (is_new(first)) return false;
      ++report_.chunks;
      report_.log_bytes += value.size();
      Bytes payload;
      Chunk chunk;
      if (!unseal(key, value, payload)) {
        fault("log: the chunk at seq {} has a wrong checksum", first);
        previous = 0;  // how far it went cannot be known
        return true;
      }
      if (auto status = decode_chunk(first, payload, chunk); !status.ok()) {
        fault("log: {}", status.error().message);
        previous = 0;
        return true;
      }
      const ChunkHeader& header = chunk.header;
      if (previous != 0 && header.prev_next != previous)
        fault("log: a chunk is missing between seqs {} and {}", previous, first);
      if (header.prev_next != 0 && header.prev_next != first) ++report_.jumps;
      if (header.first_time < time) fault("log: time runs backwards at seq {}", first);
      previous = header.next_seq;
      time = header.last_time;
      check_chunk(chunk);
      return true;
    });
    const std::uint64_t end = first_.seq == 0 ? 0 : first_.seq + 1;
    if (!position_is_bad_ && previous != end) fault("log: it ends before seq {}, the position says {}", previous, end);
    check_end(Table::log, "log");
  }

  void check_chunk(const Chunk& chunk) {
    const wire::BatchHeader header{
        .broker_run = chunk.header.broker_run, .first_seq = chunk.header.first_seq, .next_seq = chunk.header.next_seq};
    if (auto status = check_entries(header, chunk.entries); !status.ok()) fault("log: {}", status.error().message);
    wire::EntryList list(chunk.entries);
    for (wire::Entry entry; list.next(entry);) {
      ++report_.entries;
      if (entry.kind == wire::Kind::beats || entry.kind == wire::Kind::backfill) report_.beats += entry.count;
    }
  }

  void check_events() {
    walk(Table::events, "events", [&](Bytes key, Bytes value) {
      const std::uint64_t seq = key.size() == 8 ? from_be64(key) : 0;
      if (is_new(seq)) return false;
      ++report_.events;
      Bytes map;
      wire::Event event;
      if (!unseal(key, value, map))
        fault("events: event {} has a wrong checksum", seq);
      else if (auto status = wire::read_event(map, event); !status.ok())
        fault("events: event {}: {}", seq, status.error().message);
      else if (event.map.size() != map.size())
        fault("events: there are bytes behind event {}", seq);
      else if (event.seq != seq || event.prev >= seq)
        fault("events: event {} says seq {}, prev {}", seq, event.seq, event.prev);
      return true;
    });
    if (!position_is_bad_ && report_.events != first_.events)
      fault("events: there are {}, the position says {}", report_.events, first_.events);
    check_end(Table::events, "events");
  }

  void check_keys() {
    walk(Table::keys, "keys", [&](Bytes key, Bytes value) {
      Bytes sealed, map;
      wire::Event event;
      const std::uint64_t seq = value.size() == 8 ? from_be64(value) : 0;
      if (!is_new(seq)) ++report_.keys;
      if (is_backfill_identity(key)) {
        if (seq == 0) fault("keys: the identity of a backfilled beat has no seq");
        return true;
      }
      if (txn_.get(Table::events, be64(seq), sealed) != 0)
        fault("keys: the key of event {} points at nothing", seq);
      else if (!is_goodbye_identity(key) && unseal(be64(seq), sealed, map) && wire::read_event(map, event).ok() &&
               wire::verdict_key(event) != key)
        fault("keys: a key points at event {}, which has another", seq);
      return true;
    });
  }

  void check_backfill() {
    walk(Table::backfill, "backfill", [&](Bytes key, Bytes value) {
      const std::uint64_t seq = key.size() >= 8 ? from_be64(key.substr(key.size() - 8)) : 0;
      if (!is_new(seq)) ++report_.backfill;
      Bytes payload;
      wire::Beat beat;
      const std::string agent = base::printable(key.substr(0, key.find('\0')));
      if (!unseal(key, value, payload)) {
        fault("backfill: a beat of agent {} has a wrong checksum", agent);
        return true;
      }
      wire::Reader reader(payload);
      if (auto status = wire::read_beat(reader, beat); !status.ok())
        fault("backfill: agent {}: {}", agent, status.error().message);
      return true;
    });
  }

  void check_agents() {
    walk(Table::agents, "agents", [&](Bytes key, Bytes value) {
      ++report_.agents;
      Bytes payload;
      const std::string agent = base::printable(key);
      if (!unseal(key, value, payload)) {
        fault("agents: the row of {} has a wrong checksum", agent);
        return true;
      }
      auto row = decode_row(key, payload);
      if (!row.ok())
        fault("agents: {}", row.error().message);
      else if (is_ahead(row->fold.as_of))
        fault("agents: the row of {} is ahead: seq {}, the position is {}", agent, row->fold.as_of, now_.seq);
      return true;
    });
  }

  Txn txn_;
  const CheckOptions& options_;
  CheckReport& report_;
  Position first_;  // in the first snapshot: what is counted lies at or below it
  Position now_;    // in the present one: nothing lies above it
  bool position_is_bad_ = false;
  base::Status status_;
};

// Those of dead processes were cleared when the database was opened, so each of these is there.
void note_readers(const EnvironmentStore& env, const CheckOptions& options, CheckReport& report) {
  std::map<int, std::uint64_t> behind;
  const std::uint64_t last = env.last_commit();
  for (const Reader& reader : env.readers()) {
    if (!reader.snapshot || last <= *reader.snapshot) continue;
    auto& most = behind[reader.pid];
    most = std::max(most, last - *reader.snapshot);
  }
  for (const auto& [pid, commits] : behind) {
    if (commits <= options.commits_behind) continue;
    report.notes.push_back(
        fmt::format("process {} reads the database as it was {} commits ago: no page that was freed since can be used "
                    "again, and the file grows. If it hangs, end it",
                    pid, commits));
  }
}

}  // namespace

base::Result<CheckReport> check(const std::filesystem::path& folder, const CheckOptions& options) {
  const auto store = std::filesystem::exists(folder / "store" / "data.mdb") ? folder / "store" : folder;
  CheckReport report;
  // Its size is compared with what it promises in there.
  auto env = EnvironmentStore::open(store, readonly_map, EnvironmentStore::Mode::read_only);
  if (!env.ok()) return env.error();
  if (auto file = inspect_data_file(store / "data.mdb"); file.ok()) report.file_bytes = file->bytes;
  auto txn = env->begin_read();
  if (!txn.ok()) return txn.error();
  if (auto status = Checker(std::move(txn).value(), options, report).run(); !status.ok()) return status.error();
  note_readers(*env, options, report);
  return report;
}

}  // namespace lifesign::recorder
