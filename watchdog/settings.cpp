#include "watchdog/settings.h"

namespace lifesign::watchdog {

void WatchdogSettings::declare(config::Settings& s) {
  s.text("watchdog.broker_log", broker_log, "The broker's log feed; empty: where the data folder says that it is.");
  s.text("watchdog.broker_ingest", broker_ingest,
         "The broker's ingest, for verdicts; empty: where the data folder says that it is.");
  s.text("watchdog.recorder_query", recorder_query,
         "The recorder's queries, for the snapshot; empty: where the data folder says that they are.");
  s.number("watchdog.max_agents", max_agents, 1, 100'000'000, "agents",
           "How many agents are watched over; set it as high as the recorder's.");
}

}  // namespace lifesign::watchdog
