// Rows and fleet out to plain values, and back.
#include <fmt/format.h>

#include <algorithm>

#include "liveness/fold_impl.h"

namespace lifesign::liveness {

RowState Fold::export_row(std::uint32_t number) const {
  const Impl& f = *impl_;
  LIFESIGN_ASSERT(in_use(number), "row {} is not in use", number);
  const Row& row = f.rows[number];
  RowState s;
  s.agent_id = f.rows.id(number);
  s.as_of = std::max(f.applied, number < f.row_as_of.size() ? f.row_as_of[number] : 0);
  s.status = row.state();
  s.cause = row.why();
  s.last_seq = row.last_seq;
  s.last = row.at();
  s.misses = static_cast<std::uint8_t>(row.misses);
  s.known = row.known;
  s.beaten = row.beaten;
  s.stalled = row.stalled;
  s.duplicate_told = row.duplicate_told;
  const SeenRanges seen = f.seen_of(row);
  s.current = {row.run, row.closed == 1, seen.closed_to(), seen.ranges()};
  s.policy = f.policy(row).set;
  s.activity_hash = row.activity;
  s.task_hash = row.task;
  s.registration_hash = row.registration;
  s.connection = row.connection;
  const auto names = f.groups.names(row.groups);
  s.peer = names.peer;
  s.host = names.host;
  s.zone = names.zone;
  if (const Side* side = f.rows.side(row)) {
    s.offline_since = side->offline_since;
    for (const Side::Run& run : side->earlier)
      s.earlier.push_back({run.run, run.closed, run.seen.closed_to(), run.seen.ranges()});
    if (side->next_settings) s.next_settings = *side->next_settings;
    s.busy_until = side->busy_until;
    s.has_progress = side->has_progress;
    s.progress = side->has_progress ? side->progress : 0;
    s.progress_since = side->has_progress ? side->progress_since : 0;
    s.silence = side->silence;
    s.owed = side->owed;
  }
  return s;
}

base::Status Fold::load_row(const RowState& s) {
  Impl& f = *impl_;
  if (f.rows.find(s.agent_id) != no_row)
    return base::Error{base::Code::bad_message, fmt::format("snapshot: agent {} comes twice", s.agent_id)};
  const std::uint32_t number = f.create(s.agent_id, s.last_seq, s.last);
  if (number == no_row)
    return base::Error{base::Code::overloaded,
                       fmt::format("snapshot: over {} agents; raise the limit of agents", f.options.max_agents)};
  Row& row = f.rows[number];
  f.set_policy(row, s.policy);
  f.set_groups(row, s.peer, s.host, s.zone, s.last);
  f.set_status(row, s.status, s.status == Status::offline ? s.offline_since : s.last);
  row.cause = static_cast<std::uint64_t>(s.cause) & 7;
  row.misses = s.misses & 127U;
  row.known = s.known;
  row.beaten = s.beaten;
  row.stalled = s.stalled;
  row.duplicate_told = s.duplicate_told;
  row.run = s.current.run;
  row.closed = s.current.closed;
  f.set_seen(row, SeenRanges(s.current.seen, s.current.closed_to));
  row.activity = s.activity_hash;
  row.task = s.task_hash;
  row.registration = s.registration_hash;
  row.connection = s.connection;
  Side& side = f.rows.need_side(row);
  side.offline_since = s.offline_since;
  side.busy_until = s.busy_until;
  side.has_progress = s.has_progress;
  side.progress = s.progress;
  side.progress_since = s.progress_since;
  side.silence = s.silence;
  side.owed = s.owed;
  for (const RunState& run : s.earlier)
    side.earlier.push_back({run.run, run.closed, SeenRanges(run.seen, run.closed_to)});
  if (s.next_settings) side.next_settings = std::make_unique<PolicyState>(*s.next_settings);
  f.rows.trim_side(row);

  if (f.row_as_of.size() <= number) f.row_as_of.resize(number + 1U, 0);
  f.row_as_of[number] = s.as_of;
  f.min_as_of = std::min(f.min_as_of, s.as_of);
  f.max_as_of = std::max(f.max_as_of, s.as_of);
  f.applied = f.min_as_of;
  return {};
}

FleetState Fold::export_fleet() const {
  const Impl& f = *impl_;
  return {std::max(f.applied, f.fleet_as_of), f.run_first_seq, f.ticked, f.read_to,
          f.blind.spans(), f.closed.list()};
}

base::Status Fold::load_fleet(const FleetState& s) {
  Impl& f = *impl_;
  if (size() != 0) return base::Error{base::Code::bad_message, "snapshot: the fleet comes before the rows"};
  f.fleet_as_of = f.min_as_of = f.max_as_of = f.applied = s.as_of;
  f.run_first_seq = s.run_first_seq;
  f.ticked = s.ticked;
  f.next_seq = s.time == 0 ? 0 : s.as_of + 1;  // no record yet: nothing to jump from
  f.read_to = s.time;
  f.blind.load(s.blind);
  f.closed.load(s.closed);
  return {};
}

}  // namespace lifesign::liveness
