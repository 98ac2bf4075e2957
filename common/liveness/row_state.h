// A row of the fold and the fleet's state as plain values, and their form in MessagePack: what the recorder checkpoints
// and what the `snapshot` query hands to a watchdog. Decoders ignore unknown keys; keys left out are at their default.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "liveness/types.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace lifesign::liveness {

struct RunState {
  std::uint64_t run = 0;
  bool closed = false;          // said goodbye, or was retired
  std::uint64_t closed_to = 0;  // run_seqs up to here come too late, seen or not
  std::vector<SeqRange> seen;   // ascending, apart, at most 8
  bool operator==(const RunState&) const = default;
};

// What an agent or a person set; not set means the default.
struct PolicyState {
  std::uint64_t interval_ms = 0;  // 0: default
  std::optional<std::uint64_t> grace_ms;
  std::uint64_t missed_limit = 0;    // 0: default
  std::uint64_t stall_after_ms = 0;  // 0: never
  std::string schedule;              // "": none
  std::string time_zone;             // "": UTC
  bool operator==(const PolicyState&) const = default;
};

struct RowState {
  std::string agent_id;
  std::uint64_t as_of = 0;  // every record up to this seq is in here

  Status status = Status::expected;
  Cause cause = Cause::none;   // while offline
  std::uint64_t last_seq = 0;  // the evidence: last live beat, or the record that made it expected
  Ms last = 0;                 // its time
  std::uint8_t misses = 0;     // told in the silence since
  Ms offline_since = 0;        // while offline: when the timeout was decided
  bool known = false;          // agent.registered was made due once
  bool beaten = false;         // a beat came since the row was made
  bool stalled = false;
  bool duplicate_told = false;  // for the present pair of runs
  RunState current;
  std::vector<RunState> earlier;  // latest first, at most earlier_runs

  PolicyState policy;
  std::optional<PolicyState> next_settings;  // in force from the next live beat on
  Ms busy_until = 0;          // 0: not busy
  bool has_progress = false;  // followed only with stall_after_ms
  std::uint64_t progress = 0;
  Ms progress_since = 0;

  std::uint32_t activity_hash = 0, task_hash = 0, registration_hash = 0;
  std::uint32_t connection = 0;  // of the last live beat
  std::string peer, host, zone;  // what it may share with others that are cut off

  Silence silence;
  std::vector<Owed> owed;  // oldest first

  bool operator==(const RowState&) const = default;
};

struct SpanState {
  Ms from = 0, to = 0;
  Ms blind = 0;  // of it; less than to - from where spans were joined to stay within the bound
  bool operator==(const SpanState&) const = default;
};

struct FleetState {
  std::uint64_t as_of = 0;
  std::uint64_t run_first_seq = 0;    // of the latest broker.started
  Ms ticked = 0;                      // time of the latest tick that has a seq
  Ms time = 0;                        // of the record at as_of
  std::vector<SpanState> blind;       // ascending, apart, at most 64
  std::vector<std::uint32_t> closed;  // connections, oldest first, at most limits::closed_connections
  bool operator==(const FleetState&) const = default;
};

void encode(wire::Writer& writer, const RowState& state);
base::Status decode(wire::Reader& reader, RowState& out);
void encode(wire::Writer& writer, const FleetState& state);
base::Status decode(wire::Reader& reader, FleetState& out);

}  // namespace lifesign::liveness
