// Starts the recorder: settings, log, lock, process, run. Exit codes: docs/cli.md.
#include <fmt/format.h>

#include <cstdio>

#include "base/stop_signal.h"
#include "config/data_folder.h"
#include "recorder/recorder_process.h"

namespace {

enum Exit { ok = 0, failed = 1, usage = 2, cannot_bind = 3, locked = 4, storage = 5 };

int say(Exit code, const lifesign::base::Error& error) {
  fmt::print(stderr, "lifesign-recorder: {}\n", error.message);
  return code;
}

Exit exit_of(lifesign::base::Code code) {
  using lifesign::base::Code;
  if (code == Code::busy) return cannot_bind;
  if (code == Code::invalid_config) return usage;
  return code == Code::storage_failed ? storage : failed;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace lifesign;
  base::StopSignal stop;

  recorder::RecorderSettings settings;
  config::Settings declared("lifesign-recorder", "Records the log durably and answers queries.");
  settings.declare(declared);
  const auto next = declared.load(argc, argv);
  if (!next.ok()) return say(usage, next.error());
  if (*next == config::Settings::Next::stop) return ok;

  auto log = telemetry::make_log("recorder", settings.log_level, settings.log_format);
  if (!log.ok()) return say(usage, log.error());
  auto dir = net::DataDir::open(config::data_folder(settings.data));
  if (!dir.ok()) return say(storage, dir.error());
  const auto lock = net::ProcessLock::take(*dir, "recorder");
  if (!lock.ok()) return say(locked, lock.error());

  try {
    auto process = recorder::RecorderProcess::make(settings, std::move(dir).value(), *log);
    if (!process.ok()) return say(exit_of(process.error().code), process.error());
    const auto status = (*process)->run(stop);
    return status.ok() ? ok : say(exit_of(status.error().code), status.error());
  } catch (const std::exception& e) {
    return say(failed, {base::Code::io_failed, e.what()});
  }
}
