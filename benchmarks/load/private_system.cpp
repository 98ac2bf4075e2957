#include "load/private_system.h"

#include <fmt/format.h>
#include <lifesign/commands.h>
#include <poll.h>
#include <signal.h>

#include "net/data_dir.h"

namespace lifesign::load {
namespace {

using namespace std::chrono_literals;

constexpr base::Micros patience = 30s;  // to be ready, and for each to stop

}  // namespace

base::Result<PrivateSystem> PrivateSystem::start(const std::string& folder, base::StopSignal& stop) {
  auto made = TemporaryFolder::make(folder);
  if (!made.ok()) return made.error();
  PrivateSystem system(std::move(made).value());
  for (const auto& [name, binds] : {std::pair{"broker", true}, {"recorder", true}, {"watchdog", false}}) {
    if (auto launched = system.launch(name, binds); !launched.ok()) return launched.error();
  }
  if (auto ready = system.wait_ready(stop); !ready.ok()) return ready.error();
  return system;
}

base::Status PrivateSystem::launch(const std::string& name, bool binds) {
  std::vector<std::string> command{fmt::format("{}/lifesign-{}", cli::program_folder(), name), "--data",
                                   folder_.path().string(), "--log-level", "error"};
  if (binds) command.insert(command.end(), {"--port", "0"});
  auto child = cli::Child::start(name, command);
  if (!child.ok()) return child.error();
  children_.push_back(std::move(child).value());
  return {};
}

base::Status PrivateSystem::wait_ready(base::StopSignal& stop) {
  std::string waits_for;
  for (const base::Micros until = base::monotonic_now() + patience; base::monotonic_now() < until;) {
    if (const std::string name = dead(); !name.empty())
      return base::Error{base::Code::io_failed,
                         fmt::format("lifesign-{} ended as it was started; its own message is above", name)};
    waits_for = missing();
    if (waits_for.empty()) return {};
    pollfd item{stop.fd(), POLLIN, 0};
    ::poll(&item, 1, 20);
    if (stop.raised()) return base::Error{base::Code::closed, "told to stop before the load began"};
  }
  return base::Error{base::Code::timed_out, fmt::format("the private system is not ready after 30s: {}", waits_for)};
}

std::string PrivateSystem::missing() const {
  for (const char* name : {"broker", "recorder"})
    if (!std::filesystem::exists(folder_.path() / fmt::format("{}.endpoints", name)))
      return fmt::format("the {} does not listen yet", name);
  auto dir = net::DataDir::open(folder_.path());
  if (!dir.ok()) return dir.error().message;
  Commands commands({.endpoint = net::endpoint_of(*dir, "ingest", ""), .timeout = Millis(300)});
  const auto status = commands.status();
  if (!status.ok()) return "the broker does not answer yet";
  if (!(*status)["broker"]["recorder_connected"].boolean_or(false)) return "the recorder is not connected yet";
  if ((*status)["services"]["watchdog"]["counters"]["judging"].u64_or(0) == 0) return "the watchdog does not judge yet";
  return "";
}

std::vector<PrivateSystem::Process> PrivateSystem::usage() const {
  std::vector<Process> out;
  for (const cli::Child& child : children_) out.push_back({child.name(), read_usage(child.pid())});
  return out;
}

std::string PrivateSystem::dead() {
  for (cli::Child& child : children_)
    if (child.death()) return child.name();
  return "";
}

// In the order that loses nothing: the watchdog, the broker, which hands over the end of the log, the recorder.
PrivateSystem::~PrivateSystem() {
  for (const char* name : {"watchdog", "broker", "recorder"}) {
    for (cli::Child& child : children_) {
      if (child.name() != name) continue;
      child.signal(SIGTERM);
      child.wait(patience);
    }
  }
  children_.clear();  // what did not stop is killed
}

}  // namespace lifesign::load
