// A whole Lifesign of real processes on ports that the system picks, in a folder of its own.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "lifesign/commands.h"
#include "lifesign/query.h"
#include "lifesign/subscriber.h"
#include "support/child.h"

namespace lifesign::tests {

// Polls `condition` until it holds; false after `most`, which only a failing test reaches.
bool eventually(const std::function<bool()>& condition, std::chrono::seconds most = std::chrono::seconds(60));

class System {
 public:
  explicit System(const std::string& name);
  ~System();  // prints the processes' output if the test failed

  void start();                            // all three; waits until the watchdog judges
  void start(const std::string& process);  // "broker", "recorder" or "watchdog"
  // Of processes that are started from now on.
  void environment(const std::string& process, std::map<std::string, std::string> variables) {
    environments_[process] = std::move(variables);
  }
  void limit_open_files(unsigned most) { open_files_ = most; }
  void option(const std::string& process, const std::string& name, const std::string& value);
  void kill(const std::string& process) { children_.at(process).kill(); }
  int stop(const std::string& process) { return children_.at(process).stop(); }
  Child& child(const std::string& process) { return children_.at(process); }
  void kill_all();

  std::string endpoint(const std::string& name) const;
  std::string token() const;
  const std::filesystem::path& dir() const { return dir_; }
  Query query() const;
  Commands commands() const;

  // Runs `lifesign` on this system; what it printed, and its exit code.
  std::string lifesign(const std::vector<std::string>& args, int* exit_code = nullptr) const;

  // All events of these types (of one agent, if any), in order; fails the test if the recorder cannot be asked.
  std::vector<Value> events(const std::vector<std::string>& types, const std::string& agent_id = {}) const;
  std::map<std::string, int> events_by_agent(const std::string& type) const;
  std::string status_of(const std::string& agent_id) const;
  std::uint64_t total_heartbeats(const std::string& agent_id) const;
  std::uint64_t log_time() const;  // of the recorder, in µs; 0 if it cannot be asked
  // Until the recorder's log time has moved on by `span`: every deadline within it has been judged or is due.
  bool log_time_passes(std::chrono::milliseconds span) const;
  bool watchdog_judges() const;

 private:
  std::filesystem::path dir_;
  unsigned open_files_ = 0;  // 0: as the tests have it
  std::map<std::string, std::vector<std::string>> options_;
  std::map<std::string, Child> children_;
  std::map<std::string, std::map<std::string, std::string>> environments_;
};

}  // namespace lifesign::tests
