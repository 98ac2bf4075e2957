// The runs of a row. The usual one, seen without a hole, fits the row; the rest is in its side.
#include <algorithm>
#include <limits>

#include "liveness/fold_impl.h"

namespace lifesign::liveness {

// A beat without a run belongs to whatever run is open; after a goodbye it is a return.
Fold::Impl::Place Fold::Impl::place_of(const Row& row, std::uint64_t run) {
  if (run == 0) return row.closed ? Place::fresh : Place::current;
  if (run == row.run) return Place::current;
  return earlier_run(row, run) != nullptr ? Place::earlier : Place::fresh;
}

Side::Run* Fold::Impl::earlier_run(const Row& row, std::uint64_t run) {
  Side* side = rows.side(row);
  if (side == nullptr) return nullptr;
  for (Side::Run& r : side->earlier)
    if (r.run == run) return &r;
  return nullptr;
}

// By the log alone: whether the watchdog has said so already is not the same in every fold.
bool Fold::Impl::current_is_over(const Row& row, Ms at) const {
  return row.closed || at >= first_deadline(row, rows.side(row), policy(row), blind);
}

std::uint64_t Fold::Impl::highest_seen(const Row& row) const {
  return row.wide ? rows.side(row)->wide->highest() : row.seen_last;
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

void Fold::Impl::keep_run(Row& row, std::uint64_t run, bool was_closed, SeenRanges seen) {
  auto& earlier = rows.need_side(row).earlier;
  earlier.insert(earlier.begin(), {run, was_closed, std::move(seen)});
  if (earlier.size() > earlier_runs) earlier.pop_back();
}

void Fold::Impl::begin_run(Row& row, std::uint64_t run) {
  if (row.run != 0) keep_run(row, row.run, row.closed, seen_of(row));
  row.run = run;
  row.closed = 0;
  set_seen(row, {});
  row.duplicate_told = 0;
  row.stalled = 0;
  if (Side* side = rows.side(row)) side->has_progress = false;
}

void Fold::Impl::return_to(Row& row, std::uint64_t run) {
  SeenRanges seen = std::move(earlier_run(row, run)->seen);
  std::erase_if(rows.need_side(row).earlier, [&](const Side::Run& r) { return r.run == run; });
  begin_run(row, run);
  set_seen(row, std::move(seen));
}

}  // namespace lifesign::liveness
