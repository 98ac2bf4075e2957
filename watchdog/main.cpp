// Starts the watchdog: settings, log, lock, process, run. Exit codes: docs/cli.md.
#include <fmt/format.h>

#include <cstdio>

#include "base/stop_signal.h"
#include "config/data_folder.h"
#include "watchdog/watchdog_process.h"

namespace {

enum Exit { ok = 0, failed = 1, usage = 2, locked = 4, storage = 5 };

int say(Exit code, const lifesign::base::Error& error) {
  fmt::print(stderr, "lifesign-watchdog: {}\n", error.message);
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace lifesign;
  base::StopSignal stop;

  watchdog::WatchdogSettings settings;
  config::Settings declared("lifesign-watchdog",
                            "Notices silence: follows the log and tells misses, timeouts, returns.");
  settings.declare(declared);
  const auto next = declared.load(argc, argv);
  if (!next.ok()) return say(usage, next.error());
  if (*next == config::Settings::Next::stop) return ok;

  auto log = telemetry::make_log("watchdog", settings.log_level, settings.log_format);
  if (!log.ok()) return say(usage, log.error());
  auto dir = net::DataDir::open(config::data_folder(settings.data));
  if (!dir.ok()) return say(storage, dir.error());
  const auto lock = net::ProcessLock::take(*dir, "watchdog");
  if (!lock.ok()) return say(locked, lock.error());

  try {
    auto process = watchdog::WatchdogProcess::make(settings, std::move(dir).value(), *log);
    if (!process.ok()) return say(failed, process.error());
    (*process)->run(stop);
    return ok;
  } catch (const std::exception& e) {
    return say(failed, {base::Code::io_failed, e.what()});
  }
}
