// A Lifesign of its own for the run: broker, recorder and watchdog from this program's folder, on ports that the system
// picks, in a temporary folder that is removed with it. Make and destroy it on the main thread.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/stop_signal.h"
#include "cli/child.h"
#include "load/process_usage.h"
#include "load/temporary_folder.h"

namespace lifesign::load {

class PrivateSystem {
 public:
  // `folder`: where its temporary one is made. Waits until all three answer and the watchdog judges, at most 30 s.
  static base::Result<PrivateSystem> start(const std::string& folder, base::StopSignal& stop);
  PrivateSystem(PrivateSystem&&) = default;
  PrivateSystem& operator=(PrivateSystem&&) = delete;
  ~PrivateSystem();  // stops what still runs and removes the folder

  const std::filesystem::path& data() const { return folder_.path(); }
  struct Process {
    std::string name;
    Usage usage;
  };
  std::vector<Process> usage() const;
  // The one that died by itself; empty: all run.
  std::string dead();

 private:
  explicit PrivateSystem(TemporaryFolder folder) : folder_(std::move(folder)) {}
  base::Status launch(const std::string& name, bool binds);
  base::Status wait_ready(base::StopSignal& stop);
  std::string missing() const;

  TemporaryFolder folder_;  // outlives the processes
  std::vector<cli::Child> children_;
};

}  // namespace lifesign::load
