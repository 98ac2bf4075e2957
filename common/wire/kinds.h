// Kinds of message and of log entry, ack levels, event types: the small enumerations of docs/protocol.md.
#pragma once

#include <cstdint>
#include <string_view>

namespace lifesign::wire {

enum class Kind : std::uint8_t {
  beats = 1,
  registration = 2,
  goodbye = 3,
  verdicts = 4,
  command = 5,
  backfill = 6,
  tick = 7,     // log only
  event = 8,    // log only: one event of the broker's
  closed = 9,   // log only: connections that closed
  status = 10,  // ingest only, never sequenced
  report = 11,  // ingest only, never sequenced
};

enum class Ack : std::uint8_t { none = 0, received = 1, recorded = 2 };

std::string_view kind_name(Kind kind);
constexpr bool is_ingest_kind(std::uint64_t k) {
  return (k >= 1 && k <= 6) || k == 10 || k == 11;
}

namespace events {
inline constexpr std::string_view received = "heartbeat.received";
inline constexpr std::string_view missed = "heartbeat.missed";
inline constexpr std::string_view registered = "agent.registered";
inline constexpr std::string_view ready = "agent.ready";
inline constexpr std::string_view status = "agent.status";
inline constexpr std::string_view duplicate = "agent.duplicate";
inline constexpr std::string_view timeout = "agent.timeout";
inline constexpr std::string_view recovered = "agent.recovered";
inline constexpr std::string_view stalled = "agent.stalled";
inline constexpr std::string_view resumed = "agent.resumed";
inline constexpr std::string_view stopped = "agent.stopped";
inline constexpr std::string_view expected = "agent.expected";
inline constexpr std::string_view forgotten = "agent.forgotten";
inline constexpr std::string_view broker_started = "broker.started";
inline constexpr std::string_view blind = "fleet.blind";
inline constexpr std::string_view gap = "log.gap";
inline constexpr std::string_view clock_stepped = "clock.stepped";
inline constexpr std::string_view tick = "tick";

// All but tick, in the order of docs/protocol.md.
inline constexpr std::string_view all[] = {received,  registered,     ready,   status,  duplicate,    missed,
                                           timeout,   recovered,      stalled, resumed, stopped,      expected,
                                           forgotten, broker_started, blind,   gap,     clock_stepped};
bool is_verdict(std::string_view type);  // those that only the watchdog may emit
bool is_command(std::string_view type);
}  // namespace events

}  // namespace lifesign::wire
