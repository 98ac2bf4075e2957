// The liveness fold: every agent's state as a pure function of the log. It reads no clock and opens no socket.
//
// Recorder and watchdog feed the same records to the same fold. The fold itself never times anybody out: silence is
// judged by the watchdog at drained ticks (it asks next_deadline), and comes back as verdict records, which the fold
// applies like any other record. What a record makes due at once (ready, recovered, ...) is noted on the row as
// *owed* until a verdict with the same key is applied, so that a crash in between loses nothing.
//
//   wire::EntryList list(payload);
//   while (list.next(entry)) if (auto s = fold.apply_entry(entry, &visitor); !s.ok()) ...
//
// Entries must be applied in order of seq, beginning at min_as_of() + 1 after rows were loaded (0 for an empty fold).
// Where seqs jump, what was between is lost or never was: nobody is judged by that time. (A log.gap or broker.started
// says the same, and adds nothing.) A record that a loaded row holds already is skipped for that row. One thread. Views
// and references that are handed out live until the next call that is not const.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "liveness/row_state.h"
#include "liveness/types.h"
#include "wire/beat.h"
#include "wire/event.h"
#include "wire/log.h"
#include "wire/registration.h"

namespace lifesign::liveness {

inline constexpr std::uint64_t agents_max_default = 1'048'576;
inline constexpr std::size_t owed_per_row = 16;  // past it the least telling, then oldest, is dropped and counted
inline constexpr std::uint32_t no_row = UINT32_MAX;

enum class Result : std::uint8_t {
  counted,        // a beat that keeps its agent alive; a record that changed the row
  resent,         // the latest beat of the current run, held already: keeps its agent alive, counts nowhere
  superseded,     // a beat of the older run: counts in total_heartbeats, keeps nothing alive
  after_goodbye,  // a beat of a closed run: likewise
  backfilled,     // counts, outside liveness
  repeat,         // held already; counts nowhere
  too_late,       // its hole in the run was closed; counts nowhere
  unchanged,      // a record that says nothing new: same registration, second goodbye, known verdict key
  late,           // a verdict on a silence that a beat, goodbye or forget has ended since; it counts, the status stays
  unknown_agent,  // no such row, and this record makes none
  table_full,     // the agent is not tracked: max_agents is reached
  skipped,        // the row loaded from a snapshot holds this record already
};
// Whether a beat with this result belongs to the total and to the history.
constexpr bool counts(Result r) {
  return r == Result::counted || r == Result::superseded || r == Result::after_goodbye || r == Result::backfilled ||
         r == Result::table_full;
}

// What one record did to one row.
struct Outcome {
  Result result = Result::unchanged;
  std::uint32_t row = no_row;  // stable as long as the agent has a row; of a forgotten agent: the row it had
  bool created = false;        // the row is new
  bool forgotten = false;      // the row is gone
  Status before = Status::expected, after = Status::expected;  // `before` of a new row is that after creation
  std::uint8_t missed = 0;                                     // add to the agent's missed_heartbeats
  std::uint8_t new_owed = 0;                                   // that many were added at the end of owed(row)
  bool sooner = false;                                         // its next deadline may have moved nearer (or begun)
  bool outage_ended = false;                                   // the three below are set
  base::LogTime outage_from{}, outage_to{};
  Cause outage_cause = Cause::none;
};

// Called by apply_entry for each item after it was applied. Override what you need.
class Visitor {
 public:
  virtual ~Visitor() = default;
  virtual void on_beat(const wire::Beat&, std::uint64_t /*seq*/, base::LogTime, const Outcome&) {}
  virtual void on_backfill(const wire::Beat&, std::uint64_t /*seq*/, base::LogTime, const Outcome&) {}
  virtual void on_registration(const wire::Registration&, std::uint64_t /*seq*/, base::LogTime, const Outcome&) {}
  virtual void on_goodbye(const wire::Goodbye&, wire::Bytes /*map*/, std::uint64_t /*seq*/, base::LogTime,
                          const Outcome&) {}
  virtual void on_command(const wire::Command&, wire::Bytes /*map*/, std::uint64_t /*seq*/, base::LogTime,
                          const Outcome&) {}
  virtual void on_verdict(const wire::Event&, std::uint64_t /*seq*/, base::LogTime, const Outcome&) {}
  virtual void on_event(const wire::Event&, std::uint64_t /*seq*/, base::LogTime) {}
  virtual void on_tick(base::LogTime) {}
};

// Where a record came from.
struct Source {
  std::uint32_t connection = 0;
  std::string_view peer;  // loopback addresses tell nothing and are ignored
};

// The row as queries show it.
struct RowView {
  Status status = Status::expected;
  Cause cause = Cause::none;
  bool stalled = false;
  std::uint64_t last_seq = 0;
  base::LogTime last{};  // floored to ms; of a row without a beat: when it became expected
  bool beaten = false;   // a beat came since the row was made
  base::LogTime offline_since{};
  base::LogTime busy_until{};  // epoch: not busy
  std::uint8_t misses = 0;
  std::uint64_t run = 0, run_seq = 0;                                                 // run_seq: the highest seen
  std::uint64_t interval_ms = 0, grace_ms = 0, missed_limit = 0, stall_after_ms = 0;  // in effect
  std::string_view schedule, time_zone;
};

// The next thing that falls due if no record comes.
struct Deadline {
  bool any = false;
  Ms at = 0;
  Verdict type = Verdict::missed;  // missed or timeout
  std::uint8_t ordinal = 0;
  bool unobserved = false;  // blindness was the larger part: cause of a timeout
};

class Fold {
 public:
  struct Options {
    std::uint64_t max_agents = agents_max_default;
  };
  struct Counters {
    std::uint64_t table_full = 0;     // records of agents that are not tracked
    std::uint64_t owed_dropped = 0;   // verdicts that will not be told: owed_per_row
    std::uint64_t bad_schedules = 0;  // cron texts or zones that cannot be used; the interval counts instead
  };

  Fold() : Fold(Options{}) {}
  explicit Fold(Options options);
  Fold(Fold&&) noexcept;
  Fold& operator=(Fold&&) noexcept;
  ~Fold();

  // --- the log in. An error means a body that the broker should have refused: nothing after the bad item is applied.
  base::Status apply_entry(const wire::Entry& entry, Visitor* visitor = nullptr);

  // Reads some beats on from `ahead` and brings their agents' rows into the cache, so that a fleet that outgrows it
  // costs a wait for memory for many beats and not several for each. Returns how many entries were read: look again
  // when they are applied. `rows` gets the rows, for the caller to fetch what it keeps of them itself. A hint: nothing
  // changes. A smaller fleet is in the cache anyway; then nothing is read, and SIZE_MAX says not to look again.
  static constexpr std::size_t fleet_in_cache = 16'384;
  std::size_t look_ahead(wire::EntryList& ahead, std::vector<std::uint32_t>& rows) const;

  Outcome apply_beat(const wire::Beat& beat, std::uint64_t seq, base::LogTime time, Source source = {});
  Outcome apply_backfill(const wire::Beat& beat, std::uint64_t seq, base::LogTime time);
  Outcome apply_registration(const wire::Registration& r, std::uint64_t seq, base::LogTime time, Source source = {});
  Outcome apply_goodbye(const wire::Goodbye& goodbye, std::uint64_t seq, base::LogTime time);
  Outcome apply_command(const wire::Command& command, std::uint64_t seq, base::LogTime time);
  // Seq 0: a decision of the caller's own, ahead of its coming back through the log.
  Outcome apply_verdict(const wire::Event& verdict, std::uint64_t seq, base::LogTime time);
  void apply_event(const wire::Event& event, std::uint64_t seq, base::LogTime time);
  void apply_closed(std::span<const std::uint32_t> connections);

  std::uint64_t applied() const;  // the last seq applied by apply_entry, or loaded

  // --- rows out. Row numbers are below row_end(); not each of them is in use.
  std::size_t size() const;
  std::uint64_t count(Status status) const;
  std::uint32_t row_end() const;
  bool in_use(std::uint32_t row) const;
  std::uint32_t find(std::string_view agent_id) const;  // no_row: not there
  std::string_view agent_id(std::uint32_t row) const;
  RowView view(std::uint32_t row) const;
  std::span<const Owed> owed(std::uint32_t row) const;
  const Counters& counters() const;

  // --- judging. `shared` and cause as of `at`; for the watchdog.
  Deadline next_deadline(std::uint32_t row) const;
  // The verdict that `deadline` asks for, as a packed event map. Applies nothing.
  std::string make_verdict(std::uint32_t row, const Deadline& deadline, std::uint64_t as_of) const;
  // An owed verdict as a packed event map.
  std::string make_verdict(std::uint32_t row, const Owed& owed, std::uint64_t as_of) const;

  // --- snapshots. Load into an empty fold: the fleet first, then rows in any order, each with its own as_of.
  RowState export_row(std::uint32_t row) const;
  FleetState export_fleet() const;
  base::Status load_fleet(const FleetState& state);
  base::Status load_row(const RowState& state);  // an error: a second row of that agent, or the table is full
  std::uint64_t min_as_of() const;               // replay from the seq after it
  std::uint64_t max_as_of() const;               // until here the state is fuzzy: judge and tell nothing before

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lifesign::liveness
