// Verdicts: applying those of the log, and writing those that fall due.
#include <algorithm>

#include "liveness/fold_impl.h"
#include "liveness/verdicts.h"
#include "wire/writer.h"

namespace lifesign::liveness {

Outcome Fold::apply_verdict(const wire::Event& verdict, std::uint64_t seq, base::LogTime) {
  Impl& f = *impl_;
  f.note(seq);
  Outcome out;
  const auto type = verdict_from_name(verdict.type);
  if (!type) return out;
  out.row = f.rows.find(verdict.agent_id);
  if (out.row == no_row) {
    out.result = Result::unknown_agent;
    return out;
  }
  if (f.holds(out.row, seq)) {
    out.result = Result::skipped;
    return out;
  }
  if (*type == Verdict::missed || *type == Verdict::timeout) return f.apply_silence_verdict(out.row, *type, verdict);

  Row& row = f.rows[out.row];
  out.before = out.after = row.state();
  Side* side = f.rows.side(row);
  if (side == nullptr) return out;
  const auto removed = std::erase_if(
      side->owed, [&](const Owed& o) { return o.type == *type && o.evidence_seq == verdict.evidence_seq; });
  if (removed > 0) out.result = Result::counted;
  if (*type == Verdict::recovered && verdict.evidence_seq == side->silence.ended_seq && verdict.evidence_seq != 0)
    side->silence.recovered = true;
  if (side->owed.empty()) side->owed = {};
  f.rows.trim_side(row);
  return out;
}

Outcome Fold::Impl::apply_silence_verdict(std::uint32_t number, Verdict type, const wire::Event& verdict) {
  Row& row = rows[number];
  Outcome out;
  out.row = number;
  out.before = out.after = row.state();
  const bool is_timeout = type == Verdict::timeout;
  const auto ordinal = static_cast<std::uint8_t>(std::min<std::uint64_t>(verdict.ordinal, 100));
  const Ms decided = to_ms(verdict.decided);
  std::string_view cause_text;
  wire::find_text(verdict.map, "cause", cause_text);
  const Cause cause = cause_from_name(cause_text).value_or(Cause::silent);

  if (verdict.evidence_seq == row.last_seq && is_watched(row.state())) {
    if (!is_timeout && ordinal <= row.misses) return out;
    row.misses = std::max<unsigned>(static_cast<unsigned>(row.misses), ordinal) & 127;
    out.missed = 1;
    out.result = Result::counted;
    if (is_timeout) {
      rows.need_side(row).offline_since = decided;
      row.cause = static_cast<std::uint64_t>(cause) & 7;
      set_status(row, Status::offline, decided);
    } else if (row.state() == Status::active) {
      set_status(row, Status::late, decided);
    }
    out.after = row.state();
    return out;
  }
  // The silence has ended since, or it was told already.
  Side* side = rows.side(row);
  if (side == nullptr) return out;
  Silence& silence = side->silence;
  const bool remembered = silence.evidence_seq == verdict.evidence_seq && verdict.evidence_seq != 0 &&
                          !silence.timed_out && (is_timeout || ordinal > silence.misses);
  // A timeout is the last word on its silence, whatever limit was in force when it was made.
  const auto settles = [&](const Owed& o) {
    return o.type == type && o.evidence_seq == verdict.evidence_seq && (is_timeout || o.ordinal == ordinal);
  };
  const auto owed = std::find_if(side->owed.begin(), side->owed.end(), settles);
  if (!remembered && owed == side->owed.end()) return out;
  const Ms ended = std::max(remembered ? silence.ended : owed->ended, decided);
  std::erase_if(side->owed, [&](const Owed& o) {
    return settles(o) || (is_timeout && o.type == Verdict::missed && o.evidence_seq == verdict.evidence_seq);
  });
  out.missed = 1;
  out.result = Result::late;
  if (is_timeout) {
    out.outage_ended = true;
    out.outage_from = from_ms(decided);
    out.outage_to = from_ms(ended);
    out.outage_cause = cause;
  }
  if (remembered) {
    silence.misses = std::max(silence.misses, ordinal);
    silence.timed_out = is_timeout;
    if (is_timeout && silence.ended_seq != 0 && !silence.recovered)
      owe(row, owed_recovered(silence.ended_seq, silence.ended, decided, cause), out);
  }
  return out;
}

void Fold::Impl::end_silence(Row& row, std::uint64_t seq, Ms at, Outcome& out) {
  if (may_have_been_late(row, policy(row), at)) {
    owe_silence(row, seq, at, out);
    rows.need_side(row).silence = {
        row.last_seq, seq, at, static_cast<std::uint8_t>(row.misses), row.state() == Status::offline, false};
  } else if (Side* side = rows.side(row); side != nullptr && at - side->silence.ended > silence_kept) {
    side->silence = {};
  }
}

// A tick in the log says that all before it was read: by its time the watchdog would have judged, had there been one.
// Whoever is watching has told it already, under the same key. The cause is never cut_off: who else was late then was
// not judged either, and in a recovery the other rows may be of another age.
void Fold::Impl::owe_silence(Row& row, std::uint64_t seq, Ms at, Outcome& out) {
  if (!is_watched(row.state()) || ticked > at) return;  // a tick of later: the fleet was loaded as of after this record
  const unsigned told = row.misses;
  for (int i = 0; i < owed_misses; ++i) {
    const Deadline miss = deadline_of(row, rows.side(row), policy(row), blind);
    if (miss.type != Verdict::missed || miss.at > ticked) break;
    owe(row, silence_verdict(row, miss, {}), out);
    row.misses = miss.ordinal & 127U;
  }
  row.misses = (policy(row).limit - 1U) & 127U;
  const Deadline end = deadline_of(row, rows.side(row), policy(row), blind);
  if (end.at <= ticked) {
    Owed timeout = silence_verdict(row, end, {});
    timeout.ended = at;
    owe(row, std::move(timeout), out);
    if (seq != 0) owe(row, owed_recovered(seq, at, end.at, cause_of(row, end, {})), out);
  }
  row.misses = told & 127U;
}

Cause Fold::Impl::cause_of(const Row& row, const Deadline& timeout, std::string_view shared) const {
  const bool disconnected = row.last_seq >= run_first_seq && closed.is_closed(row.connection);
  return row.state() == Status::expected ? Cause::never_seen
         : timeout.unobserved            ? Cause::unobserved
         : !shared.empty()               ? Cause::cut_off
         : disconnected                  ? Cause::disconnected
                                         : Cause::silent;
}

Owed Fold::Impl::silence_verdict(const Row& row, const Deadline& deadline, std::string_view shared) const {
  const Policy& policy = this->policy(row);
  Owed out{.type = deadline.type, .evidence_seq = row.last_seq, .decided = deadline.at, .ordinal = deadline.ordinal};
  wire::Writer w(out.fields);
  std::uint32_t& pairs = out.pairs;
  pairs = 4;
  w.field("missed_limit", std::uint64_t{policy.limit})
      .field("deadline", base::to_wire(from_ms(deadline.at)))
      .field("interval_ms", static_cast<std::uint64_t>(policy.interval))
      .field("grace_ms", static_cast<std::uint64_t>(policy.grace));
  if (row.beaten) {
    w.field("last_heartbeat", base::to_wire(from_ms(row.at())));
    ++pairs;
  }
  if (deadline.type == Verdict::timeout) {
    const Cause cause = cause_of(row, deadline, shared);
    const Ms blind_ms = blind.blind_between(silence_start(row, rows.side(row), policy), deadline.at);
    w.field("cause", cause_name(cause)).field("blind_ms", static_cast<std::uint64_t>(blind_ms));
    pairs += 2;
    if (cause == Cause::cut_off) {
      w.field("shared", shared);
      ++pairs;
    }
  }
  return out;
}

std::string Fold::make_verdict(std::uint32_t number, const Deadline& deadline, std::uint64_t as_of) const {
  LIFESIGN_ASSERT(deadline.any && in_use(number), "row {} has no deadline", number);
  const Row& row = impl_->rows[number];
  const std::string shared =
      deadline.type == Verdict::timeout
          ? impl_->groups.cut_off(row.groups, row.state(), deadline.at, impl_->policy(row).interval)
          : std::string();
  return make_verdict(number, impl_->silence_verdict(row, deadline, shared), as_of);
}

std::string Fold::make_verdict(std::uint32_t number, const Owed& owed, std::uint64_t as_of) const {
  return verdict_map(owed.type, impl_->rows.id(number), owed.evidence_seq, owed.ordinal, as_of, owed.decided,
                     owed.pairs, owed.fields);
}

}  // namespace lifesign::liveness
