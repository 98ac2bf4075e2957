// The two latest runs of a row. The usual one, seen without a hole, fits the row; the rest is in its side.
#include <limits>

#include "liveness/fold_impl.h"

namespace lifesign::liveness {

// A beat without a run belongs to whatever run is open; after a goodbye it is a return.
Fold::Impl::Place Fold::Impl::place_of(const Row& row, std::uint64_t run) const {
  if (run == 0) return row.closed ? Place::fresh : Place::current;
  if (run == row.run) return Place::current;
  const Side* side = rows.side(row);
  if (side != nullptr && side->older && side->older->run == run) return Place::older;
  return Place::fresh;
}

Seen Fold::Impl::see(Row& row, std::uint64_t run_seq) {
  if (!row.wide && run_seq <= std::numeric_limits<std::uint32_t>::max()) {
    const auto n = static_cast<std::uint32_t>(run_seq);
    if (row.seen_first == 0) {
      row.seen_first = row.seen_last = n;
      return Seen::fresh;
    }
    if (n >= row.seen_first && n <= row.seen_last) return Seen::repeat;
    if (n - 1 == row.seen_last) {
      row.seen_last = n;
      return Seen::fresh;
    }
  }
  SeenRanges seen = seen_of(row);
  const Seen result = seen.add(run_seq);
  set_seen(row, std::move(seen));
  return result;
}

SeenRanges Fold::Impl::seen_of(const Row& row) const {
  if (row.wide) return *rows.side(row)->wide;
  if (row.seen_first == 0) return {};
  return SeenRanges({{row.seen_first, row.seen_last}}, 0);
}

void Fold::Impl::set_seen(Row& row, SeenRanges seen) {
  constexpr std::uint64_t narrow = std::numeric_limits<std::uint32_t>::max();
  const auto& ranges = seen.ranges();
  if (seen.closed_to() == 0 && (ranges.empty() || (ranges.size() == 1 && ranges[0].last <= narrow))) {
    row.seen_first = ranges.empty() ? 0 : static_cast<std::uint32_t>(ranges[0].first);
    row.seen_last = ranges.empty() ? 0 : static_cast<std::uint32_t>(ranges[0].last);
    if (row.wide) rows.need_side(row).wide.reset();
    row.wide = 0;
    return;
  }
  row.seen_first = row.seen_last = 0;
  row.wide = 1;
  rows.need_side(row).wide = std::make_unique<SeenRanges>(std::move(seen));
}

void Fold::Impl::begin_run(Row& row, std::uint64_t run) {
  if (row.run != 0) {
    auto older = std::make_unique<Side::Older>();
    older->run = row.run;
    older->closed = row.closed;
    older->seen = seen_of(row);
    rows.need_side(row).older = std::move(older);
  }
  row.run = run;
  row.closed = 0;
  set_seen(row, {});
  row.duplicate_told = 0;
  row.stalled = 0;
  if (Side* side = rows.side(row)) side->has_progress = false;
}

void Fold::Impl::swap_runs(Row& row) {
  Side::Older& older = *rows.need_side(row).older;
  SeenRanges seen = seen_of(row);
  std::swap(older.seen, seen);
  const std::uint64_t run = row.run;
  row.run = older.run;
  older.run = run;
  older.closed = row.closed;
  row.closed = 0;
  set_seen(row, std::move(seen));
  row.duplicate_told = 0;
  row.stalled = 0;
  rows.need_side(row).has_progress = false;
}

}  // namespace lifesign::liveness
