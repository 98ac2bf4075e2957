// The checklist by which each process starts: signals, settings, log, folder, lock, process, run. One exit code a
// stage.
//
//   int main(int argc, char** argv) {
//     return lifesign::launch::run<BrokerProcess, BrokerSettings>("broker", "Sequences ...", argc, argv);
//   }
//
// Settings has a member `common` and declare(config::Settings&) for the rest. Process has
//   static base::Result<std::unique_ptr<Process>> make(const Settings&, net::DataDir, std::shared_ptr<telemetry::Log>);
//   base::Status run(base::StopSignal&);   until a signal, or an error that it cannot live with
#pragma once

#include <exception>
#include <memory>
#include <string>

#include "base/stop_signal.h"
#include "config/data_folder.h"
#include "config/settings.h"
#include "launch/exit_code.h"
#include "net/data_dir.h"
#include "telemetry/log.h"

namespace lifesign::launch {

// What every process has.
struct CommonSettings {
  std::string data;
  std::string log_level = "info";
  std::string log_format = "text";

  void declare(config::Settings& settings);
};

// "lifesign-<process>: <sentence>" on stderr, and the code.
int say(std::string_view process, ExitCode code, const base::Error& error);

template <class Process, class Settings>
int run(const std::string& name, const std::string& summary, int argc, const char* const* argv) {
  base::StopSignal stop;  // before any thread
  Settings settings;
  config::Settings declared("lifesign-" + name, summary);
  settings.common.declare(declared);
  settings.declare(declared);
  const auto next = declared.load(argc, argv);
  if (!next.ok()) return say(name, usage, next.error());
  if (*next == config::Settings::Next::stop) return ok;

  auto log = telemetry::make_log(name, settings.common.log_level, settings.common.log_format);
  if (!log.ok()) return say(name, usage, log.error());
  auto dir = net::DataDir::open(config::data_folder(settings.common.data));
  if (!dir.ok()) return say(name, storage_refused, dir.error());
  const auto lock = net::ProcessLock::take(*dir, name);
  if (!lock.ok())
    return say(name, lock.error().code == base::Code::busy ? folder_in_use : storage_refused, lock.error());

  try {
    auto process = Process::make(settings, std::move(dir).value(), *log);
    if (!process.ok()) return say(name, exit_code_of(process.error().code), process.error());
    const base::Status ended = (*process)->run(stop);
    return ended.ok() ? ok : say(name, exit_code_of(ended.error().code), ended.error());
  } catch (const std::exception& e) {
    return say(name, failed, {base::Code::io_failed, e.what()});
  }
}

}  // namespace lifesign::launch
