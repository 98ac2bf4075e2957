// Reads the stored log: chunks by seq and by time. Within one read transaction; one thread.
#pragma once

#include <cstdint>
#include <optional>

#include "base/error.h"
#include "base/time.h"
#include "recorder/chunk.h"
#include "recorder/environment_store.h"
#include "recorder/position.h"

namespace lifesign::recorder {

class LogReader {
 public:
  explicit LogReader(const Txn& txn) : cursor_(txn, Table::log) {}

  // Each gives nothing at the end, and an error where a chunk is damaged. Entries are views into the database.
  base::Result<std::optional<Chunk>> holding_or_after(std::uint64_t seq);
  base::Result<std::optional<Chunk>> first_ending_at_or_after(base::LogTime time);
  base::Result<std::optional<Chunk>> next();

 private:
  base::Result<std::optional<Chunk>> read(bool there);
  Cursor cursor_;
};

// What the store's position says, as of this transaction.
base::Result<Position> stored_position(const Txn& txn);

}  // namespace lifesign::recorder
