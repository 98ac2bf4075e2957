// The broker's counters: one list, shown by `lifesign status` under these names.
#pragma once

#include "telemetry/counters.h"

namespace lifesign::broker {

enum class Count {
  messages,    // ingest messages read
  beats,       // sequenced
  backfilled,  // beats sequenced as backfill
  registrations,
  goodbyes,
  verdicts,
  commands,
  verdict_repeats,  // dropped: their key was in the window
  refused,          // ingest messages answered with an error, all codes
  refused_overloaded,
  refused_not_allowed,
  refused_unavailable,  // recorder_unavailable
  acks_received,
  acks_recorded,
  replies_lost,  // the peer was gone or its queue full
  events_published,
  events_provisional,
  beat_topics_refused,
  log_batches,
  log_bytes,
  log_requests_refused,
  log_sessions_dropped,  // too slow, or silent
  log_gaps,
  blind_spans,
  clock_steps,
  connections_opened,
  connections_closed,
  peers_refused,    // connections over the bound, on any socket
  peers_unending,   // connections closed since their message did not end
  subscribers_cut,  // connections closed for what they subscribed to
  // Gauges
  connections,    // on ingest, that said something
  peers,          // on any socket, whether or not they said anything
  subscriptions,  // topics, each as often as it is subscribed to
  log_sessions,
  acks_waiting,
  events_held,
  ring_bytes,
  undrained_us_worst,  // the longest time that ingest was not read to empty
  cycle_us_worst,      // the longest cycle of the loop, waiting not counted
  cycles_slow,         // cycles over 20 ms
  state_write_failures,
  count_,
};

using Counters = telemetry::Counters<Count>;

inline Counters make_counters() {
  return Counters({"messages",
                   "beats",
                   "backfilled",
                   "registrations",
                   "goodbyes",
                   "verdicts",
                   "commands",
                   "verdict_repeats",
                   "refused",
                   "refused_overloaded",
                   "refused_not_allowed",
                   "refused_unavailable",
                   "acks_received",
                   "acks_recorded",
                   "replies_lost",
                   "events_published",
                   "events_provisional",
                   "beat_topics_refused",
                   "log_batches",
                   "log_bytes",
                   "log_requests_refused",
                   "log_sessions_dropped",
                   "log_gaps",
                   "blind_spans",
                   "clock_steps",
                   "connections_opened",
                   "connections_closed",
                   "peers_refused",
                   "peers_unending",
                   "subscribers_cut",
                   "connections",
                   "peers",
                   "subscriptions",
                   "log_sessions",
                   "acks_waiting",
                   "events_held",
                   "ring_bytes",
                   "undrained_us_worst",
                   "cycle_us_worst",
                   "cycles_slow",
                   "state_write_failures"});
}

}  // namespace lifesign::broker
