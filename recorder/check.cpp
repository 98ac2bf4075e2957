#include "recorder/check.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "recorder/data_file.h"
#include "recorder/log_store.h"
#include "recorder/state.h"
#include "wire/beat.h"
#include "wire/event.h"

namespace lifesign::recorder {
namespace {

constexpr std::uint64_t readonly_map = 0;  // LMDB takes the map's size from the file

// One table after the other in one snapshot: a recorder beside it goes on, and its freed pages wait until the end.
class Checker {
 public:
  Checker(const Txn& txn, CheckReport& report) : txn_(txn), report_(report) {}

  void run() {
    check_position();
    check_log();
    check_events();
    check_keys();
    check_backfill();
    check_agents();
  }

 private:
  template <class... Args>
  void fault(fmt::format_string<Args...> format, Args&&... args) {
    ++report_.fault_count;
    if (report_.faults.size() < CheckReport::most_faults) {
      report_.faults.push_back(fmt::format(format, std::forward<Args>(args)...));
    }
  }

  void check_position() {
    auto position = stored_position(txn_);
    if (!position.ok()) return fault("{}", position.error().message);
    position_ = *position;
    report_.position = position_.seq;
    report_.broker_run = position_.broker_run;
    if (position_.sweep_from > position_.seq) {
      fault("the last sweep began at seq {}, after the position {}", position_.sweep_from, position_.seq);
    }
    auto fleet = txn_.get_sealed(Table::meta, "fleet");
    if (!fleet.ok()) return fault("the fleet's state: {}", fleet.error().message);
    if (!fleet->has_value()) return;
    liveness::FleetState state;
    wire::Reader reader(**fleet);
    if (auto status = liveness::decode(reader, state); !status.ok())
      fault("the fleet's state: {}", status.error().message);
  }

  void check_log() {
    Cursor cursor(txn_, Table::log);
    std::uint64_t previous = 0;
    base::LogTime time{};
    for (bool more = cursor.first(); more; more = cursor.next()) {
      if (cursor.key().size() != 8) {
        fault("a key of the log is not a seq");
        continue;
      }
      const std::uint64_t first = from_be64(cursor.key());
      ++report_.chunks;
      report_.log_bytes += cursor.value().size();
      Bytes payload;
      Chunk chunk;
      if (!unseal(cursor.key(), cursor.value(), payload)) {
        fault("log: the chunk at seq {} has a wrong checksum", first);
        previous = 0;  // how far it went cannot be known
        continue;
      }
      if (auto status = decode_chunk(first, payload, chunk); !status.ok()) {
        fault("log: {}", status.error().message);
        previous = 0;
        continue;
      }
      const ChunkHeader& header = chunk.header;
      if (previous != 0 && header.prev_next != previous)
        fault("log: a chunk is missing between seqs {} and {}", previous, first);
      if (header.prev_next != 0 && header.prev_next != first) ++report_.jumps;
      if (header.first_time < time) fault("log: time runs backwards at seq {}", first);
      previous = header.next_seq;
      time = header.last_time;
      check_chunk(chunk);
    }
    if (cursor.error() != 0) fault("log: {}", describe(cursor.error()));
    const std::uint64_t end = position_.seq == 0 ? 0 : position_.seq + 1;
    if (previous != end) fault("log: it ends before seq {}, the position says {}", previous, end);
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
    Cursor cursor(txn_, Table::events);
    for (bool more = cursor.first(); more; more = cursor.next(), ++report_.events) {
      const std::uint64_t seq = cursor.key().size() == 8 ? from_be64(cursor.key()) : 0;
      Bytes map;
      wire::Event event;
      if (!unseal(cursor.key(), cursor.value(), map)) {
        fault("events: event {} has a wrong checksum", seq);
      } else if (auto status = wire::read_event(map, event); !status.ok()) {
        fault("events: event {}: {}", seq, status.error().message);
      } else if (event.seq != seq || seq > position_.seq || event.prev >= seq) {
        fault("events: event {} says seq {}, prev {}; the position is {}", seq, event.seq, event.prev, position_.seq);
      }
    }
    if (cursor.error() != 0) fault("events: {}", describe(cursor.error()));
    if (report_.events != position_.events)
      fault("events: there are {}, the position says {}", report_.events, position_.events);
  }

  void check_keys() {
    Cursor cursor(txn_, Table::keys);
    for (bool more = cursor.first(); more; more = cursor.next(), ++report_.keys) {
      Bytes value, map;
      wire::Event event;
      const std::uint64_t seq = cursor.value().size() == 8 ? from_be64(cursor.value()) : 0;
      if (txn_.get(Table::events, be64(seq), value) != 0) {
        fault("keys: the key of event {} points at nothing", seq);
      } else if (unseal(be64(seq), value, map) && wire::read_event(map, event).ok() &&
                 wire::verdict_key(event) != cursor.key()) {
        fault("keys: a key points at event {}, which has another", seq);
      }
    }
    if (cursor.error() != 0) fault("keys: {}", describe(cursor.error()));
  }

  void check_backfill() {
    Cursor cursor(txn_, Table::backfill);
    for (bool more = cursor.first(); more; more = cursor.next(), ++report_.backfill) {
      Bytes payload;
      wire::Beat beat;
      const std::string agent = base::printable(cursor.key().substr(0, cursor.key().find('\0')));
      if (!unseal(cursor.key(), cursor.value(), payload)) {
        fault("backfill: a beat of agent {} has a wrong checksum", agent);
        continue;
      }
      wire::Reader reader(payload);
      if (auto status = wire::read_beat(reader, beat); !status.ok())
        fault("backfill: agent {}: {}", agent, status.error().message);
    }
    if (cursor.error() != 0) fault("backfill: {}", describe(cursor.error()));
  }

  void check_agents() {
    Cursor cursor(txn_, Table::agents);
    for (bool more = cursor.first(); more; more = cursor.next(), ++report_.agents) {
      Bytes payload;
      const std::string agent = base::printable(cursor.key());
      if (!unseal(cursor.key(), cursor.value(), payload)) {
        fault("agents: the row of {} has a wrong checksum", agent);
        continue;
      }
      auto row = decode_row(cursor.key(), payload);
      if (!row.ok())
        fault("agents: {}", row.error().message);
      else if (row->fold.as_of > position_.seq) {
        fault("agents: the row of {} is ahead: seq {}, the position is {}", agent, row->fold.as_of, position_.seq);
      }
    }
    if (cursor.error() != 0) fault("agents: {}", describe(cursor.error()));
  }

  const Txn& txn_;
  CheckReport& report_;
  Position position_;
};

}  // namespace

base::Result<CheckReport> check(const std::filesystem::path& folder) {
  const auto store = std::filesystem::exists(folder / "store" / "data.mdb") ? folder / "store" : folder;
  CheckReport report;
  // Its size is compared with what it promises in there.
  auto env = EnvironmentStore::open(store, readonly_map, EnvironmentStore::Mode::read_only);
  if (!env.ok()) return env.error();
  if (auto file = inspect_data_file(store / "data.mdb"); file.ok()) report.file_bytes = file->bytes;
  auto txn = env->begin_read();
  if (!txn.ok()) return txn.error();
  Checker(*txn, report).run();
  return report;
}

}  // namespace lifesign::recorder
