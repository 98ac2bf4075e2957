// What the fold consists of. Only the fold_*.cpp files include this.
#pragma once

#include <array>
#include <vector>

#include "liveness/blind_spans.h"
#include "liveness/closed_connections.h"
#include "liveness/deadlines.h"
#include "liveness/fold.h"
#include "liveness/groups.h"
#include "liveness/policies.h"
#include "liveness/rows.h"

namespace lifesign::liveness {

// A silence that a beat has ended is remembered for this long, for verdicts on it that come late.
inline constexpr Ms silence_kept = 600'000;
// Of a silence that began and ended unjudged, that many misses are owed; the others are covered by its timeout.
inline constexpr int owed_misses = 8;

struct Fold::Impl {
  explicit Impl(Options o) : options(o) {}

  Options options;
  Counters counters;
  Rows rows;
  Policies policies;
  Groups groups;
  BlindSpans blind;
  ClosedConnections closed;
  std::array<std::uint64_t, statuses> by_status{};
  std::uint64_t applied = 0;
  std::uint64_t run_first_seq = 0;
  std::uint64_t next_seq = 0;  // that the log goes on with; 0: not known yet
  Ms read_to = 0;              // the time of the record before it
  Ms ticked = 0;  // the latest tick that has a seq: those without are not in every fold's log
  std::uint64_t fleet_as_of = 0;
  std::uint64_t min_as_of = 0, max_as_of = 0;
  std::vector<std::uint64_t> row_as_of;  // by row; empty once the log is past max_as_of

  void follow(const wire::Entry& entry);  // sees where the log jumps
  void note(std::uint64_t seq);
  // A row of a fuzzy snapshot has this record in it already. Seq 0 is a decision of our own, which no row can hold.
  bool holds(std::uint32_t row, std::uint64_t seq) const {
    return seq != 0 && row < row_as_of.size() && seq <= row_as_of[row];
  }

  const Policy& policy(const Row& row) const { return policies[row.policy]; }

  // A new row, status expected, watched from `at`; no_row if the table is full.
  std::uint32_t create(std::string_view agent_id, std::uint64_t seq, Ms at);
  void remove(std::uint32_t row, Ms at);
  void set_status(Row& row, Status after, Ms at);
  void set_policy(Row& row, const PolicyState& set);
  void set_groups(Row& row, std::string_view peer, std::string_view host, std::string_view zone, Ms at);
  void set_source(Row& row, Source source, Ms at);

  // Runs of a row.
  enum class Place : std::uint8_t { current, earlier, fresh };
  Place place_of(const Row& row, std::uint64_t run);
  Side::Run* earlier_run(const Row& row, std::uint64_t run);  // null: none of them
  // The current run said goodbye, or is past its first deadline: an earlier one that beats is the agent.
  bool current_is_over(const Row& row, Ms at) const;
  Seen see(Row& row, std::uint64_t run_seq);
  std::uint64_t highest_seen(const Row& row) const;
  SeenRanges seen_of(const Row& row) const;
  void set_seen(Row& row, SeenRanges seen);
  void begin_run(Row& row, std::uint64_t run);
  void keep_run(Row& row, std::uint64_t run, bool was_closed, SeenRanges seen);
  void return_to(Row& row, std::uint64_t run);  // an earlier run is the current one again

  // A beat of an earlier run. `counted`: that run is to be the current one.
  Result earlier_beat(Row& row, const wire::Beat& beat, std::uint64_t seq, Ms at, Outcome& out);

  // Parts of a live beat.
  void live_beat(Row& row, const wire::Beat& beat, std::uint64_t seq, Ms at, bool new_run, Outcome& out);
  void end_outage(Row& row, Ms at, Outcome& out);
  void note_promise(Row& row, const wire::Beat& beat, Ms at, Outcome& out);
  void note_activity(Row& row, const wire::Beat& beat, std::uint64_t seq, Ms at, Outcome& out);
  void note_progress(Row& row, const wire::Beat& beat, std::uint64_t seq, Ms at, Outcome& out);

  // Ends of a silence: by the beat `seq`, or by something else (0). Remembers it for verdicts that come late, and owes
  // what the log says was due by then and nobody told.
  void end_silence(Row& row, std::uint64_t seq, Ms at, Outcome& out);
  void owe_silence(Row& row, std::uint64_t seq, Ms at, Outcome& out);
  void stop(Row& row, Ms at, Outcome& out);
  // True: they changed, and are in force. `at_once`: there is no silence that they could judge wrongly.
  bool take_settings(Row& row, const wire::Registration& r, Ms at, bool at_once, Outcome& out);
  bool may_change_now(const Row& row, const PolicyState& set, Ms at);
  void owe(Row& row, Owed owed, Outcome& out);

  // `shared`: what it shares with others that are cut off, or "".
  Cause cause_of(const Row& row, const Deadline& timeout, std::string_view shared) const;
  Owed silence_verdict(const Row& row, const Deadline& deadline, std::string_view shared) const;
  Outcome apply_silence_verdict(std::uint32_t number, Verdict type, const wire::Event& verdict);
};

std::uint32_t text_hash(std::string_view text);  // never changes: it is in checkpoints; 0 for ""

}  // namespace lifesign::liveness
