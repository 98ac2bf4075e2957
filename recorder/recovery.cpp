#include "recorder/recovery.h"

#include <fmt/format.h>

#include "recorder/chunk.h"

namespace lifesign::recorder {
namespace {

base::Status load_rows(const Txn& txn, State& state, Recovered& out) {
  Cursor cursor(txn, Table::agents);
  for (bool more = cursor.first(); more; more = cursor.next(), ++out.rows) {
    Bytes payload;
    if (!unseal(cursor.key(), cursor.value(), payload)) {
      return damaged(
          fmt::format("the row of agent {} has a wrong checksum; lifesign check names all damage", cursor.key()));
    }
    if (auto status = state.load_row(cursor.key(), payload); !status.ok()) return status;
  }
  if (cursor.error() != 0) return storage_error("reading agents", cursor.error());
  return {};
}

base::Status replay_log(const Txn& txn, State& state, Recovered& out) {
  const std::uint64_t from = state.position().sweep_from + 1;
  Cursor cursor(txn, Table::log);
  bool more = cursor.at_or_before(be64(from));
  if (!more && cursor.error() == 0) more = cursor.first();
  std::uint64_t expected = 0;
  for (; more; more = cursor.next()) {
    const std::uint64_t first = cursor.key().size() == 8 ? from_be64(cursor.key()) : 0;
    Bytes payload;
    Chunk chunk;
    if (first == 0 || !unseal(cursor.key(), cursor.value(), payload)) {
      return damaged(
          fmt::format("the chunk of the log at seq {} has a wrong checksum; lifesign check names all damage", first));
    }
    if (auto status = decode_chunk(first, payload, chunk); !status.ok()) return status;
    if (expected != 0 && chunk.header.prev_next != expected) {
      return damaged(fmt::format("a chunk of the log is missing between seqs {} and {}", expected, first));
    }
    expected = out.next_seq = chunk.header.next_seq;
    if (expected <= from) continue;
    if (auto status = state.replay(chunk); !status.ok()) {
      return damaged(fmt::format("the chunk of the log at seq {}: {}", first, status.error().message));
    }
    ++out.chunks;
  }
  if (cursor.error() != 0) return storage_error("reading the log", cursor.error());
  if (out.next_seq != (state.position().seq == 0 ? 0 : state.position().seq + 1)) {
    return damaged(fmt::format("the log ends before seq {}, the position says {}", out.next_seq, state.position().seq));
  }
  return {};
}

}  // namespace

base::Result<Recovered> recover(const EnvironmentStore& env, State& state) {
  auto txn = env.begin_read();
  if (!txn.ok()) return txn.error();
  Recovered out;
  auto stored = txn->get_sealed(Table::meta, Position::key);
  if (!stored.ok()) return stored.error();
  if (stored->has_value()) {
    Position position;
    if (auto status = decode_position(**stored, position); !status.ok()) return status.error();
    state.load_position(position);
  }
  auto fleet = txn->get_sealed(Table::meta, "fleet");
  if (!fleet.ok()) return fleet.error();
  if (fleet->has_value()) {
    if (auto status = state.load_fleet(**fleet); !status.ok()) return status.error();
  }
  if (auto status = load_rows(*txn, state, out); !status.ok()) return status.error();
  if (auto status = replay_log(*txn, state, out); !status.ok()) return status.error();
  state.recovered();
  return out;
}

}  // namespace lifesign::recorder
