// Keeps a set of processes running: starts them in order, starts again what dies, gives up with a reason, and stops
// them in the order that loses nothing. One thread, the main one.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/stop_signal.h"
#include "cli/child.h"
#include "cli/exit_code.h"

namespace lifesign::cli {

struct Service {
  std::string name;
  std::vector<std::string> command;
};

class Supervisor {
 public:
  using Say = std::function<void(const std::string&)>;

  Supervisor(std::vector<Service> services, Say say);
  base::Status start();
  // Waits up to `timeout` for a death or the stop signal, and starts again what is due.
  void step(base::StopSignal& stop, base::Micros timeout);
  // Set when one was given up: what `up` exits with.
  std::optional<ExitCode> gave_up() const { return gave_up_; }
  bool all_running() const;
  // Wall clock of the latest start; nothing if it does not run.
  std::optional<base::Micros> started(const std::string& name) const;
  // SIGTERM to each in `order` and waits for it; SIGKILL after `patience`, or to all when a second signal comes.
  void stop(base::StopSignal& stop, const std::vector<std::string>& order, base::Micros patience);

 private:
  struct Slot {
    Service service;
    RestartPolicy policy = {};
    std::optional<Child> child = {};
    base::Micros due{0};  // when there is no child
    base::Micros started_wall{0};
  };
  base::Status launch(Slot& slot);
  void mourn(Slot& slot, const Death& death);
  base::Micros until_next(base::Micros timeout) const;

  std::vector<Slot> slots_;
  Say say_;
  std::optional<ExitCode> gave_up_;
};

}  // namespace lifesign::cli
