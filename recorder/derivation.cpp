#include "recorder/derivation.h"

#include <algorithm>

#include "wire/writer.h"

namespace lifesign::recorder {

using liveness::Outcome;
using liveness::Result;

void State::Derivation::count(const Outcome& outcome, Slot* slot, std::uint64_t seq) {
  if (outcome.result == Result::skipped) return;
  if (!liveness::counts(outcome.result)) {
    if (work_ != nullptr) work_->repeats.push_back(static_cast<std::uint32_t>(seq - work_->first_seq));
    return;
  }
  if (slot != nullptr) ++slot->profile.total_heartbeats;
  if (work_ == nullptr) return;
  ++state_.position_.total_heartbeats;
  if (slot == nullptr) ++state_.position_.untracked;
}

void State::Derivation::on_beat(const wire::Beat& beat, std::uint64_t seq, base::LogTime time, const Outcome& outcome) {
  Slot* slot = state_.settle(beat.agent_id, outcome, time);
  if (slot != nullptr && outcome.result == Result::counted) slot->profile.take(beat, time);
  count(outcome, slot, seq);
}

void State::Derivation::on_backfill(const wire::Beat& beat, std::uint64_t seq, base::LogTime time,
                                    const Outcome& folded) {
  Slot* slot = state_.settle(beat.agent_id, folded, time);
  Outcome outcome = folded;
  // The fold knows the two latest runs of agents that have a row; a spool may be older than that.
  const std::string identity = beat.once() ? backfill_identity(beat) : std::string();
  if (liveness::counts(outcome.result) && !identity.empty() && state_.is_repeated_key(identity, seq))
    outcome.result = Result::repeat;
  count(outcome, slot, seq);
  if (work_ == nullptr || !liveness::counts(outcome.result)) return;
  if (!identity.empty()) state_.hold_key(identity, seq);
  const std::uint64_t age = std::min(base::to_wire(time), beat.age_ms * 1000);
  StoredBackfill stored{seq, backfill_key(beat.agent_id, base::log_time(base::to_wire(time) - age), seq), {}, identity};
  wire::Writer writer(stored.beat);
  wire::write_beat(writer, beat);
  work_->backfill.push_back(std::move(stored));
}

void State::Derivation::on_registration(const wire::Registration& registration, std::uint64_t, base::LogTime time,
                                        const Outcome& outcome) {
  if (Slot* slot = state_.settle(registration.agent_id, outcome, time)) slot->profile.take(registration);
}

void State::Derivation::on_goodbye(const wire::Goodbye& goodbye, wire::Bytes, std::uint64_t seq, base::LogTime time,
                                   const Outcome& outcome) {
  state_.settle(goodbye.agent_id, outcome, time);
  // Sent again, it stops nobody twice.
  if (outcome.result == Result::unchanged) return;
  std::string identity;
  if (outcome.result == Result::unknown_agent && goodbye.run != 0) identity = goodbye_identity(goodbye);
  if (!identity.empty() && state_.is_repeated_key(identity, seq)) return;
  if (!identity.empty() && work_ != nullptr) state_.hold_key(identity, seq);
  store(wire::goodbye_event(goodbye), wire::events::stopped, seq, time, std::move(identity));
}

void State::Derivation::on_command(const wire::Command& command, wire::Bytes, std::uint64_t seq, base::LogTime time,
                                   const Outcome& outcome) {
  Slot* slot = state_.settle(command.agent.agent_id, outcome, time);
  if (slot != nullptr && command.type == wire::events::expected) slot->profile.take(command.agent);
  if (outcome.forgotten && work_ != nullptr) work_->rows.push_back({command.agent.agent_id, {}});
  store(wire::command_event(command), command.type, seq, time);
}

void State::Derivation::on_verdict(const wire::Event& verdict, std::uint64_t seq, base::LogTime time,
                                   const Outcome& outcome) {
  Slot* slot = state_.settle(verdict.agent_id, outcome, verdict.decided);
  std::string key = wire::verdict_key(verdict);
  if (outcome.result == Result::skipped && work_ == nullptr) return;
  if (state_.is_repeated_key(key, seq)) return;
  if (slot != nullptr) slot->profile.missed_heartbeats += outcome.missed;
  if (work_ == nullptr) return;
  state_.position_.missed_heartbeats += outcome.missed;
  state_.hold_key(key, seq);
  store(verdict.map, verdict.type, seq, time, std::move(key));
}

void State::Derivation::on_event(const wire::Event& event, std::uint64_t seq, base::LogTime time) {
  store(event.map, event.type, seq, time);
}

void State::Derivation::store(wire::Bytes map, std::string_view type, std::uint64_t seq, base::LogTime time,
                              std::string key) {
  if (work_ == nullptr) return;
  std::uint64_t* last = state_.position_.last_of(type);
  work_->events.push_back(
      {seq, wire::stamp_event(map, type, seq, time, last != nullptr ? *last : 0, false), std::move(key)});
  if (last != nullptr) *last = seq;
  ++state_.position_.events;
}

}  // namespace lifesign::recorder
