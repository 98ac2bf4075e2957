// Starts the broker: settings, log, lock, process, run. Exit codes: docs/cli.md.
#include <fmt/format.h>

#include <cstdio>

#include "base/stop_signal.h"
#include "broker/broker_process.h"

namespace {

enum Exit { ok = 0, failed = 1, usage = 2, cannot_bind = 3, locked = 4, storage = 5 };

int say(Exit code, const lifesign::base::Error& error) {
  fmt::print(stderr, "lifesign-broker: {}\n", error.message);
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace lifesign;
  base::StopSignal stop;

  broker::BrokerSettings settings;
  config::Settings declared("lifesign-broker", "Sequences heartbeats and events and fans them out.");
  settings.declare(declared);
  const auto next = declared.load(argc, argv);
  if (!next.ok()) return say(usage, next.error());
  if (*next == config::Settings::Next::stop) return ok;
  if (settings.data.empty())
    return say(usage, {base::Code::invalid_config, "no data folder is given; add --data DIR or set LIFESIGN_DATA"});

  auto log = telemetry::make_log("broker", settings.log_level, settings.log_format);
  if (!log.ok()) return say(usage, log.error());
  auto dir = net::DataDir::open(settings.data);
  if (!dir.ok()) return say(failed, dir.error());
  const auto lock = net::ProcessLock::take(*dir, "broker");
  if (!lock.ok()) return say(locked, lock.error());

  try {
    auto process = broker::BrokerProcess::make(settings, std::move(dir).value(), *log);
    if (!process.ok()) {
      const base::Code code = process.error().code;
      if (code == base::Code::busy) return say(cannot_bind, process.error());
      if (code == base::Code::invalid_config) return say(usage, process.error());
      return say(code == base::Code::storage_failed ? storage : failed, process.error());
    }
    return (*process)->run(stop) ? ok : failed;
  } catch (const std::exception& e) {
    return say(failed, {base::Code::io_failed, e.what()});
  }
}
