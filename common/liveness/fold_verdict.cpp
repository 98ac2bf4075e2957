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
  if (side == nullptr || side->silence.evidence_seq != verdict.evidence_seq || verdict.evidence_seq == 0) return out;
  Silence& silence = side->silence;
  if (silence.timed_out || (!is_timeout && ordinal <= silence.misses)) return out;
  silence.misses = std::max(silence.misses, ordinal);
  silence.timed_out = is_timeout;
  out.missed = 1;
  out.result = Result::late;
  if (is_timeout) {
    out.outage_ended = true;
    out.outage_from = from_ms(decided);
    out.outage_to = from_ms(std::max(silence.ended, decided));
    out.outage_cause = cause;
    if (silence.ended_seq != 0 && !silence.recovered)
      owe(row, owed_recovered(silence.ended_seq, silence.ended, decided, cause), out);
  }
  return out;
}

std::string Fold::make_verdict(std::uint32_t number, const Deadline& deadline, std::uint64_t as_of) const {
  const Impl& f = *impl_;
  const Row& row = f.rows[number];
  const Policy& policy = f.policy(row);
  const Side* side = f.rows.side(row);
  LIFESIGN_ASSERT(deadline.any && row.id != 0, "row {} has no deadline", number);

  std::string fields;
  wire::Writer w(fields);
  std::uint32_t pairs = 4;
  w.field("missed_limit", std::uint64_t{policy.limit})
      .field("deadline", base::to_wire(from_ms(deadline.at)))
      .field("interval_ms", static_cast<std::uint64_t>(policy.interval))
      .field("grace_ms", static_cast<std::uint64_t>(policy.grace));
  if (row.beaten) {
    w.field("last_heartbeat", base::to_wire(from_ms(row.at())));
    ++pairs;
  }
  if (deadline.type == Verdict::timeout) {
    const std::string shared = f.groups.cut_off(row.groups, row.state(), deadline.at, policy.interval);
    const bool disconnected = row.last_seq >= f.run_first_seq && f.closed.is_closed(row.connection);
    const Cause cause = row.state() == Status::expected ? Cause::never_seen
                        : deadline.unobserved           ? Cause::unobserved
                        : !shared.empty()               ? Cause::cut_off
                        : disconnected                  ? Cause::disconnected
                                                        : Cause::silent;
    const Ms blind = f.blind.blind_between(silence_start(row, side, policy), deadline.at);
    w.field("cause", cause_name(cause)).field("blind_ms", static_cast<std::uint64_t>(blind));
    pairs += 2;
    if (cause == Cause::cut_off) {
      w.field("shared", std::string_view(shared));
      ++pairs;
    }
  }
  return verdict_map(deadline.type, f.rows.id(number), row.last_seq, deadline.ordinal, as_of, deadline.at, pairs,
                     fields);
}

std::string Fold::make_verdict(std::uint32_t number, const Owed& owed, std::uint64_t as_of) const {
  return verdict_map(owed.type, impl_->rows.id(number), owed.evidence_seq, 0, as_of, owed.decided, owed.pairs,
                     owed.fields);
}

}  // namespace lifesign::liveness
