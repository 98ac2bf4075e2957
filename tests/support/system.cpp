#include "support/system.h"

#include <signal.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <iostream>
#include <thread>

#include "net/data_dir.h"

namespace lifesign::tests {
namespace {

constexpr const char* processes[] = {"broker", "recorder", "watchdog"};

Millis most() {
  return Millis(10'000);
}

}  // namespace

bool eventually(const std::function<bool()>& condition, std::chrono::seconds most) {
  const auto until = std::chrono::steady_clock::now() + most;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

System::System(const std::string& name) {
  const auto base = std::filesystem::temp_directory_path() / "lifesign-tests";
  std::filesystem::create_directories(base);
  std::string pattern = (base / (name + "-XXXXXX")).string();
  dir_ = ::mkdtemp(pattern.data());
}

System::~System() {
  const bool failed = std::uncaught_exceptions() > 0 || !Catch::getResultCapture().lastAssertionPassed();
  if (failed)
    for (auto& [name, child] : children_) std::cerr << "--- " << name << " ---\n" << child.output();
  children_.clear();
  if (!failed) std::filesystem::remove_all(dir_);
}

void System::start(const std::string& process) {
  children_.erase(process);
  std::vector<std::string> args = {"--data", dir_.string()};
  if (process != "watchdog") args.insert(args.end(), {"--port", "0"});
  args.insert(args.end(), options_[process].begin(), options_[process].end());
  children_.emplace(process, Child(LIFESIGN_BIN_DIR "/lifesign-" + process, args, dir_ / (process + ".log"),
                                   {environments_[process], open_files_}));
}

void System::option(const std::string& process, const std::string& name, const std::string& value) {
  options_[process].insert(options_[process].end(), {"--" + name, value});
}

void System::start() {
  // The broker first, so that the others find its endpoints at once.
  start("broker");
  REQUIRE(eventually([&] { return std::filesystem::exists(dir_ / "broker.endpoints"); }));
  start("recorder");
  REQUIRE(eventually([&] { return std::filesystem::exists(dir_ / "recorder.endpoints"); }));
  start("watchdog");
  REQUIRE(eventually([&] { return log_time() > 0 && watchdog_judges(); }));
}

void System::kill_all() {
  for (const char* process : processes) children_.at(process).signal(SIGKILL);
  for (const char* process : processes) children_.at(process).wait();
}

std::string System::endpoint(const std::string& name) const {
  auto data = net::DataDir::open(dir_);
  REQUIRE(data.ok());
  return net::endpoint_of(*data, name, "");
}

std::string System::token() const {
  auto data = net::DataDir::open(dir_);
  REQUIRE(data.ok());
  return data->token().value();
}

Query System::query() const {
  return Query({.endpoint = endpoint("query"), .timeout = most()});
}

Commands System::commands() const {
  return Commands({.endpoint = endpoint("ingest"), .token = token(), .timeout = most()});
}

std::string System::lifesign(const std::vector<std::string>& args, int* exit_code) const {
  std::vector<std::string> all = args;
  all.insert(all.end(), {"--data", dir_.string()});
  const std::string log = dir_ / "lifesign.out";
  std::filesystem::remove(log);
  Child child(LIFESIGN_BIN_DIR "/lifesign", all, log);
  const int code = child.wait();
  if (exit_code != nullptr) *exit_code = code;
  return child.output();
}

std::vector<Value> System::events(const std::vector<std::string>& types, const std::string& agent_id) const {
  std::vector<Value> all;
  Query query = this->query();
  EventsRequest request{.types = types, .agent_id = agent_id, .limit = 1000};
  for (;;) {
    const auto page = query.events(request);
    INFO((page.ok() ? "" : page.error().message));
    REQUIRE(page.ok());
    for (const Value& event : (*page)["events"].items()) all.push_back(event);
    const auto next = (*page)["next"].u64();
    if (!next) return all;
    request.since = *next;
  }
}

std::map<std::string, int> System::events_by_agent(const std::string& type) const {
  std::map<std::string, int> counts;
  for (const Value& event : events({type})) ++counts[event["agent_id"].text_or("")];
  return counts;
}

std::string System::status_of(const std::string& agent_id) const {
  const auto agent = query().agent(agent_id);
  return agent.ok() ? (*agent)["status"].text_or("") : std::string(code_name(agent.error().code));
}

std::uint64_t System::total_heartbeats(const std::string& agent_id) const {
  const auto agent = query().agent(agent_id);
  return agent.ok() ? (*agent)["total_heartbeats"].u64_or(0) : 0;
}

std::uint64_t System::log_time() const {
  const auto totals = query().totals();
  return totals.ok() ? (*totals)["time"].u64_or(0) : 0;
}

bool System::log_time_passes(std::chrono::milliseconds span) const {
  const std::uint64_t target = log_time() + static_cast<std::uint64_t>(span.count()) * 1000;
  return eventually([&] { return log_time() >= target; });
}

// It reports itself once a second; a young report after its start means that it has its snapshot and reads the log.
bool System::watchdog_judges() const {
  const auto status = commands().status();
  if (!status.ok()) return false;
  const Value watchdog = (*status)["services"]["watchdog"];
  return watchdog.exists() && watchdog["age_ms"].u64_or(9999) < 3000;
}

}  // namespace lifesign::tests
