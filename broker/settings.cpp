#include "broker/settings.h"

namespace lifesign::broker {

using namespace std::chrono_literals;

void BrokerSettings::declare(config::Settings& s) {
  s.number(
      "port", port, 0, 65'532, "port",
      "Base of the TCP ports: ingest is at it, events one above, log two above, query three above. 0: ports that the "
      "system picks and the data folder keeps.");
  s.text("broker.ingest", ingest,
         "Endpoint that agents connect to, in place of the one that port gives. Loopback or ipc only.");
  s.text("broker.events", events, "Endpoint that subscribers connect to, in place of the one that port gives.");
  s.text("broker.log", log, "Endpoint of the log feed, in place of the one that port gives.");
  s.size(
      "broker.ring", ring, 1ull << 20, 64ull << 30,
      "How much of the log is kept in memory for recorder and watchdog to catch up from. When it is full of what the "
      "recorder has not taken, beats that ask for `recorded` are refused as overloaded.");
  s.size("broker.held_events", held_events, 1ull << 20, 16ull << 30,
         "How many bytes of events may wait to be recorded before the oldest are published as provisional.");
  s.number("broker.waiting_acks", waiting_acks, 1'000, 16'000'000, "messages",
           "How many messages may wait for a recorded ack before more are refused as overloaded.");
  s.duration("broker.tick", tick, 1ms, 100ms,
             "How often deadlines can be judged: a tick, when ingest has been read to empty.");
  s.duration("broker.blind_after", blind_after, 100ms, 60s,
             "A stretch of standing still or of not keeping up that is longer than this is reported as fleet.blind.");
  s.number("broker.io_threads", io_threads, 1, 16, "threads", "ZeroMQ's I/O threads.");
}

}  // namespace lifesign::broker
