// Beats: which run they belong to, whether they count, and what a live one changes.
#include <utility>

#include "liveness/fold_impl.h"
#include "liveness/verdicts.h"

namespace lifesign::liveness {

Outcome Fold::apply_beat(const wire::Beat& beat, std::uint64_t seq, base::LogTime time, Source source) {
  Impl& f = *impl_;
  f.note(seq);
  f.closed.heard(source.connection);
  const Ms at = to_ms(time);
  Outcome out;
  out.row = f.rows.find(beat.agent_id);
  if (out.row == no_row) {
    out.row = f.create(beat.agent_id, seq, at);
    if (out.row == no_row) {
      out.result = Result::table_full;
      return out;
    }
    out.created = true;
  } else if (f.holds(out.row, seq)) {
    out.result = Result::skipped;
    return out;
  }
  Row& row = f.rows[out.row];
  out.before = out.after = row.state();

  const auto place = f.place_of(row, beat.run);
  if (place == Impl::Place::earlier) {
    out.result = f.earlier_beat(row, beat, seq, at, out);
    if (out.result != Result::counted) return out;
    f.return_to(row, beat.run);
  } else {
    if (place == Impl::Place::fresh) f.begin_run(row, beat.run);
    const Seen seen = beat.once() ? f.see(row, beat.run_seq) : Seen::fresh;
    // Who sends its latest beat again has had no answer, and lives.
    const bool resent = seen == Seen::repeat && !row.closed && beat.run_seq == f.highest_seen(row);
    out.result = resent                   ? Result::resent
                 : seen == Seen::repeat   ? Result::repeat
                 : seen == Seen::too_late ? Result::too_late
                 : row.closed             ? Result::after_goodbye
                                          : Result::counted;
    if (out.result != Result::counted && out.result != Result::resent) return out;
  }
  f.live_beat(row, beat, seq, at, place == Impl::Place::fresh, out);
  f.set_source(row, source, at);
  out.after = row.state();
  f.rows.trim_side(row);
  return out;
}

Result Fold::Impl::earlier_beat(Row& row, const wire::Beat& beat, std::uint64_t seq, Ms at, Outcome& out) {
  Side::Run& run = *earlier_run(row, beat.run);
  const Seen seen = beat.once() ? run.seen.add(beat.run_seq) : Seen::fresh;
  if (seen != Seen::fresh) return seen == Seen::repeat ? Result::repeat : Result::too_late;
  if (run.closed) return Result::after_goodbye;
  if (current_is_over(row, at)) return Result::counted;
  if (!row.duplicate_told) {
    row.duplicate_told = 1;
    owe(row, owed_duplicate(seq, at, beat.run, row.run), out);
  }
  return Result::superseded;
}

Outcome Fold::apply_backfill(const wire::Beat& beat, std::uint64_t seq, base::LogTime) {
  Impl& f = *impl_;
  f.note(seq);
  Outcome out;
  out.result = Result::backfilled;
  out.row = f.rows.find(beat.agent_id);
  if (out.row == no_row) return out;
  if (f.holds(out.row, seq)) {
    out.result = Result::skipped;
    return out;
  }
  Row& row = f.rows[out.row];
  out.before = out.after = row.state();
  if (!beat.once()) return out;
  Seen seen = Seen::fresh;
  if (row.run == beat.run) {
    seen = f.see(row, beat.run_seq);
  } else if (Side::Run* earlier = f.earlier_run(row, beat.run)) {
    seen = earlier->seen.add(beat.run_seq);
  }
  if (seen != Seen::fresh) out.result = seen == Seen::repeat ? Result::repeat : Result::too_late;
  return out;
}

void Fold::Impl::live_beat(Row& row, const wire::Beat& beat, std::uint64_t seq, Ms at, bool new_run, Outcome& out) {
  const Status before = row.state();
  // Where the deadline can move nearer only by what note_promise sees, the watchdog's wheel needs no touch.
  out.sooner = out.created || before != Status::active;
  end_silence(row, seq, at, out);
  if (!row.known) {
    row.known = 1;
    owe(row, owed_registered(seq, at, true, nullptr), out);
  }
  if (new_run || !row.beaten) owe(row, owed_ready(seq, at, row.run), out);
  if (before == Status::offline) {
    owe(row, owed_recovered(seq, at, rows.need_side(row).offline_since, row.why()), out);
    end_outage(row, at, out);
  }
  if (Side* side = rows.side(row); side != nullptr && side->next_settings) {
    set_policy(row, *std::exchange(side->next_settings, nullptr));
    out.sooner = true;
  }
  if (out.result != Result::resent) {  // a copy promises nothing anew, and shows no standstill
    note_promise(row, beat, at, out);
    note_activity(row, beat, seq, at, out);
    note_progress(row, beat, seq, at, out);
  }
  row.last_seq = seq;
  row.set_at(at);
  row.misses = 0;
  row.beaten = 1;
  set_status(row, Status::active, at);
}

void Fold::Impl::end_outage(Row& row, Ms at, Outcome& out) {
  Side& side = rows.need_side(row);
  out.outage_ended = true;
  out.outage_from = from_ms(side.offline_since);
  out.outage_to = from_ms(at);
  out.outage_cause = row.why();
  side.offline_since = 0;
  row.cause = 0;
}

void Fold::Impl::note_promise(Row& row, const wire::Beat& beat, Ms at, Outcome& out) {
  if (beat.interval_ms != 0 && beat.interval_ms != policy(row).set.interval_ms) {
    const Ms old = policy(row).interval;
    PolicyState set = policy(row).set;
    set.interval_ms = beat.interval_ms;
    set_policy(row, set);
    if (policy(row).interval < old) out.sooner = true;
  }
  Side* side = rows.side(row);
  if (side != nullptr && side->busy_until != 0) {
    side->busy_until = 0;
    out.sooner = true;
  }
  if (beat.busy_for_ms != 0) rows.need_side(row).busy_until = at + static_cast<Ms>(beat.busy_for_ms);
}

void Fold::Impl::note_activity(Row& row, const wire::Beat& beat, std::uint64_t seq, Ms at, Outcome& out) {
  if (!beat.has_activity && !beat.has_task) return;
  const std::uint32_t activity = beat.has_activity ? text_hash(beat.activity) : row.activity;
  const std::uint32_t task = beat.has_task ? text_hash(beat.task) : row.task;
  if (activity == row.activity && task == row.task) return;
  row.activity = activity;
  row.task = task;
  if (row.beaten) owe(row, owed_status(seq, at, beat), out);
}

void Fold::Impl::note_progress(Row& row, const wire::Beat& beat, std::uint64_t seq, Ms at, Outcome& out) {
  const Ms stall_after = policy(row).stall_after;
  if (stall_after == 0) {
    if (Side* side = rows.side(row)) side->has_progress = false;
    row.stalled = 0;
    return;
  }
  if (!beat.has_progress) return;
  Side& side = rows.need_side(row);
  if (!side.has_progress || side.progress != beat.progress) {
    if (row.stalled) {
      row.stalled = 0;
      owe(row, owed_progress(Verdict::resumed, seq, at, beat.progress, at, stall_after), out);
    }
    side.has_progress = true;
    side.progress = beat.progress;
    side.progress_since = at;
  } else if (beat.busy_for_ms != 0) {
    if (!row.stalled) side.progress_since = at;  // a declared wait does not count as standing still
  } else if (!row.stalled && at - side.progress_since > stall_after) {
    row.stalled = 1;
    owe(row, owed_progress(Verdict::stalled, seq, at, beat.progress, side.progress_since, stall_after), out);
  }
}

}  // namespace lifesign::liveness
