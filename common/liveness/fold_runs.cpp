// The runs of a row. The usual one, seen without a hole, fits the row; the rest is in its side.
#include <algorithm>
#include <limits>

#include "liveness/fold_impl.h"

namespace lifesign::liveness {

// A beat without a run belongs to whatever run is open; after a goodbye it is a return.
Fold::Impl::Place Fold::Impl::place_of(const Row& row, std::uint64_t run) const {
  if (run == 0) return row.closed ? Place::fresh : Place::current;
  if (run == row.run) return Place::current;
  const Side* side = rows.side(row);
  if (side == nullptr) return Place::fresh;
  if (side->older && side->older->run == run) return Place::older;
  for (const PastRun& p : side->past)
    if (p.run == run) return Place::past;
  return Place::fresh;
}

PastRun& Fold::Impl::past_run(Row& row, std::uint64_t run) {
  auto& past = rows.need_side(row).past;
  const auto at = std::find_if(past.begin(), past.end(), [&](const PastRun& p) { return p.run == run; });
  LIFESIGN_ASSERT(at != past.end(), "run {} is none of the past", run);
  return *at;
}

Seen Fold::Impl::see_earlier(Row& row, Place place, const wire::Beat& beat) {
  if (!beat.once()) return Seen::fresh;
  if (place == Place::older) return rows.side(row)->older->seen.add(beat.run_seq);
  PastRun& past = past_run(row, beat.run);
  if (beat.run_seq <= past.seen_to) return Seen::repeat;
  past.seen_to = beat.run_seq;
  return Seen::fresh;
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

void Fold::Impl::push_older(Row& row, std::uint64_t run, bool was_closed, SeenRanges seen) {
  Side& side = rows.need_side(row);
  if (side.older) {
    side.past.insert(side.past.begin(), {side.older->run, side.older->seen.highest(), side.older->closed});
    if (side.past.size() > past_runs) side.past.pop_back();
  }
  side.older = std::make_unique<Side::Older>();
  side.older->run = run;
  side.older->closed = was_closed;
  side.older->seen = std::move(seen);
}

void Fold::Impl::begin_run(Row& row, std::uint64_t run) {
  if (row.run != 0) push_older(row, row.run, row.closed, seen_of(row));
  row.run = run;
  row.closed = 0;
  set_seen(row, {});
  row.duplicate_told = 0;
  row.stalled = 0;
  if (Side* side = rows.side(row)) side->has_progress = false;
}

void Fold::Impl::return_to(Row& row, Place place, std::uint64_t run) {
  Side& side = rows.need_side(row);
  SeenRanges seen;
  if (place == Place::older) {
    seen = std::move(side.older->seen);
    side.older.reset();
  } else {
    const std::uint64_t to = past_run(row, run).seen_to;
    if (to != 0) seen = SeenRanges({{to, to}}, to - 1);
    std::erase_if(side.past, [&](const PastRun& p) { return p.run == run; });
  }
  begin_run(row, run);
  set_seen(row, std::move(seen));
}

}  // namespace lifesign::liveness
