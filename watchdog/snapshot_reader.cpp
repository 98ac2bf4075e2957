#include "watchdog/snapshot_reader.h"

#include <fmt/format.h>

namespace lifesign::watchdog {
namespace {

base::Error bad(std::string_view what) {
  return {base::Code::bad_message, fmt::format("snapshot: {}", what)};
}

}  // namespace

base::Status SnapshotReader::take(wire::Bytes result, const Sink& sink) {
  wire::Reader reader(result);
  std::uint32_t pairs = 0;
  if (!reader.map(pairs)) return bad("a page is no map");
  wire::Bytes rows;
  std::string_view cursor;
  for (std::uint32_t i = 0; i < pairs; ++i) {
    std::string_view key;
    if (!reader.text(key)) return bad("a page is damaged");
    if (key == "fleet") {
      liveness::FleetState fleet;
      if (auto s = liveness::decode(reader, fleet); !s.ok()) return s;
      if (auto s = sink.fleet(fleet); !s.ok()) return s;
      has_fleet_ = true;
    } else if (key == "rows") {
      if (!reader.raw(rows)) return bad("a page is damaged");
    } else if (key == "cursor") {
      if (reader.nil()) continue;
      if (!reader.text(cursor)) return bad("the cursor is no text");
    } else if (!reader.skip()) {
      return bad("a page is damaged");
    }
  }
  if (!has_fleet_) return bad("the first page lacks the fleet");
  // The fleet must be loaded before the rows, wherever it stood in the page.
  wire::Reader row_reader(rows);
  std::uint32_t n = 0;
  if (!row_reader.array(n)) return bad("a page lacks its rows");
  for (std::uint32_t i = 0; i < n; ++i) {
    liveness::RowState row;
    if (auto s = liveness::decode(row_reader, row); !s.ok()) return s;
    if (auto s = sink.row(row); !s.ok()) return s;
    ++rows_;
  }
  cursor_ = cursor;
  return {};
}

}  // namespace lifesign::watchdog
