// Reads the recorder's snapshot of the fleet, page by page. Pure: pages in, rows out.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/error.h"
#include "liveness/row_state.h"
#include "wire/reader.h"

namespace lifesign::watchdog {

class SnapshotReader {
 public:
  // Takes what comes, the fleet before any row; an error ends the reading.
  struct Sink {
    std::function<base::Status(const liveness::FleetState&)> fleet;
    std::function<base::Status(const liveness::RowState&)> row;
  };

  // The result map of one `snapshot` query. After an error the reader is not usable any more.
  base::Status take(wire::Bytes result, const Sink& sink);

  // The cursor of the next page; empty: there is none, or none was taken yet.
  const std::string& cursor() const { return cursor_; }
  std::uint64_t rows() const { return rows_; }

 private:
  std::string cursor_;
  bool has_fleet_ = false;
  std::uint64_t rows_ = 0;
};

}  // namespace lifesign::watchdog
