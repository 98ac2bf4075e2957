#include "recorder/settings.h"

namespace lifesign::recorder {

void RecorderSettings::declare(config::Settings& s) {
  s.number(
      "port", port, 0, 65'532, "port",
      "Base of the TCP ports: queries are three above it. 0: a port that the system picks and the data folder keeps.");
  s.text("recorder.query", query,
         "Endpoint that answers queries, in place of the one that port gives. Loopback or ipc only.");
  s.text("recorder.broker_log", broker_log, "The broker's log feed; empty: where the data folder says that it is.");
  s.text("recorder.broker_ingest", broker_ingest,
         "The broker's ingest, for reports; empty: where the data folder says that it is.");
  s.size("recorder.max_size", max_size, 1ull << 20, 1ull << 40,
         "The database's bound. When it is reached, nothing more is recorded and beats that ask for `recorded` are "
         "refused, "
         "until it is raised.");
  s.size("recorder.queue", queue, 4ull << 20, 4ull << 30,
         "How much of the log may wait in memory for the disk; past it the broker is asked for no more.");
  s.number("recorder.max_agents", max_agents, 1, 100'000'000, "agents",
           "How many agents are tracked; beats of more are recorded and counted, but nobody watches over them.");
}

}  // namespace lifesign::recorder
