#include "launch/launch.h"
#include "watchdog/watchdog_process.h"

int main(int argc, char** argv) {
  using namespace lifesign;
  return launch::run<watchdog::WatchdogProcess, watchdog::WatchdogSettings>(
      "watchdog", "Notices silence: follows the log and tells misses, timeouts, returns.", argc, argv);
}
