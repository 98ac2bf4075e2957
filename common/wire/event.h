// Events and verdicts: packed maps with a few fields that everybody reads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "wire/beat.h"
#include "wire/reader.h"
#include "wire/registration.h"

namespace lifesign::wire {

// The fields that are read everywhere; the others stay packed in `map`. Views point into the bytes read.
struct Event {
  std::string_view type;
  std::uint64_t seq = 0;
  base::LogTime time{};
  std::uint64_t prev = 0;
  std::string_view agent_id;
  bool provisional = false;
  // Verdicts:
  std::uint64_t evidence_seq = 0;
  std::uint64_t ordinal = 0;
  std::uint64_t as_of = 0;
  base::LogTime decided{};
  bool is_verdict = false;  // it has the four fields above
  Bytes map;                // the whole packed map
};

base::Status read_event(Bytes map, Event& out);
// As read_event, but leaves the reader after the map: for arrays of events.
base::Status read_event(Reader& reader, Event& out);

// A field that read_event reads: what describes an event further must not be named like one.
bool is_event_field(std::string_view key);

// One field of a packed map, if it is there and of that type.
bool find_u64(Bytes map, std::string_view key, std::uint64_t& out);
bool find_text(Bytes map, std::string_view key, std::string_view& out);

// A verdict's identity as bytes, for sets and tables of keys: type, agent_id, evidence_seq, ordinal.
std::string verdict_key(const Event& verdict);

// "<type>/<agent_id>/"
std::string topic(std::string_view type, std::string_view agent_id);

// What a goodbye and a command say, as an event map: only the fields that this version knows, so that nobody can pass
// off a verdict as a goodbye.
std::string goodbye_event(const Goodbye& goodbye);
std::string command_event(const Command& command);

// A packed map as the event that subscribers get: `type`, `seq`, `time`, `prev` (and `provisional`) in front of what
// the map holds, less any of these that it held already. `map` must be a checked event.
std::string stamp_event(Bytes map, std::string_view type, std::uint64_t seq, base::LogTime time, std::uint64_t prev,
                        bool provisional);
// A beat as heartbeat.received.
std::string stamp_beat(const Beat& beat, std::uint64_t seq, base::LogTime time, std::uint64_t prev);

}  // namespace lifesign::wire
