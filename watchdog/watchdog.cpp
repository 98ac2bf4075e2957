#include "watchdog/watchdog.h"

#include <algorithm>
#include <utility>

namespace lifesign::watchdog {

using liveness::Deadline;
using liveness::Outcome;
using liveness::Verdict;

namespace {

wire::Event own(std::string_view map) {
  wire::Event verdict;
  const base::Status read = wire::read_event(map, verdict);
  LIFESIGN_ASSERT(read.ok() && verdict.is_verdict, "a verdict of our own can't be read: {}",
                  read.ok() ? "fields are missing" : read.error().message);
  return verdict;
}

}  // namespace

Watchdog::Watchdog(Options options) : fold_(liveness::Fold::Options{options.max_agents}) {}

base::Status Watchdog::load_fleet(const liveness::FleetState& state) {
  return fold_.load_fleet(state);
}
base::Status Watchdog::load_row(const liveness::RowState& state) {
  return fold_.load_row(state);
}
base::Status Watchdog::apply(const wire::Entry& entry) {
  return fold_.apply_entry(entry, this);
}

void Watchdog::after(const Outcome& outcome) {
  if (!judging_ || outcome.row == liveness::no_row) return;
  if (outcome.forgotten) {
    wheel_->cancel(outcome.row);
    return;
  }
  if (outcome.new_owed > 0) tell_owed(outcome.row, outcome.new_owed);
  if (outcome.sooner || !wheel_->armed(outcome.row)) rearm(outcome.row);
}

void Watchdog::on_verdict(const wire::Event& v, std::uint64_t, base::LogTime, const Outcome& outcome) {
  outbox_.seen(wire::verdict_key(v));
  after(outcome);
}

void Watchdog::on_tick(base::LogTime time) {
  if (parted_) return;
  ++counters_.ticks;
  now_ = std::max(now_, liveness::to_ms(time));
  if (!judging_) {
    if (fold_.applied() < fold_.max_as_of()) return;  // still fuzzy
    begin_judging();
  }
  wheel_->advance(now_, [this](std::uint32_t row) { look(row); });
}

// The rows are exact from here on: what the snapshot and the log together still owe is told now.
void Watchdog::begin_judging() {
  judging_ = true;
  wheel_ = std::make_unique<liveness::TimingWheel>(now_ - 1);
  for (std::uint32_t row = 0; row < fold_.row_end(); ++row) {
    if (!fold_.in_use(row)) continue;
    tell_owed(row, fold_.owed(row).size());
    rearm(row);
  }
}

void Watchdog::look(std::uint32_t row) {
  ++counters_.looks;
  for (;;) {
    const Deadline next = fold_.next_deadline(row);
    if (!next.any) return;
    if (next.at > now_) {
      wheel_->arm(row, next.at);
      return;
    }
    decide(row, next);
  }
}

void Watchdog::rearm(std::uint32_t row) {
  const Deadline next = fold_.next_deadline(row);
  if (next.any) wheel_->arm(row, next.at);
}

void Watchdog::tell_owed(std::uint32_t row, std::size_t newest) {
  const auto owed = fold_.owed(row);
  for (const liveness::Owed& o : owed.last(newest < owed.size() ? newest : owed.size()))
    tell(fold_.make_verdict(row, o, fold_.applied()), o.type);
}

// A miss or timeout is a fact for this fold from now on. (What is owed stays on its row until the log holds it.)
void Watchdog::decide(std::uint32_t row, const Deadline& due) {
  std::string map = fold_.make_verdict(row, due, fold_.applied());
  const Outcome outcome = fold_.apply_verdict(own(map), 0, liveness::from_ms(due.at));
  LIFESIGN_ASSERT(outcome.result == liveness::Result::counted, "{} of {} changed nothing: it would be made for ever",
                  liveness::verdict_name(due.type), fold_.agent_id(row));
  tell(std::move(map), due.type);
}

void Watchdog::tell(std::string map, Verdict type) {
  std::string key = wire::verdict_key(own(map));
  if (outbox_.add(std::move(key), std::move(map))) ++counters_.decided[static_cast<std::size_t>(type)];
}

}  // namespace lifesign::watchdog
