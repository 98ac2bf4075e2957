// The watchdog as a process: snapshot, log, verdicts and reports round the pure core.
//
//   state     | what it does                                         | next
//   waiting   | until it is time to try again                        | fetching
//   fetching  | the recorder's snapshot, page by page                | following; waiting when it fails
//   following | the log; judges; verdicts out                        | waiting when the log can't be followed
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <zmq.hpp>

#include "base/error.h"
#include "base/stop_signal.h"
#include "net/data_dir.h"
#include "telemetry/duty_cycle.h"
#include "telemetry/log.h"
#include "watchdog/log_intake.h"
#include "watchdog/settings.h"
#include "watchdog/snapshot_client.h"
#include "watchdog/verdict_outlet.h"
#include "watchdog/watchdog.h"

namespace lifesign::watchdog {

class WatchdogProcess {
 public:
  static base::Result<std::unique_ptr<WatchdogProcess>> make(const WatchdogSettings& settings, net::DataDir dir,
                                                             std::shared_ptr<telemetry::Log> log);
  // Until `stop` is raised.
  base::Status run(base::StopSignal& stop);

 private:
  enum class State : std::uint8_t { waiting, fetching, following };

  WatchdogProcess(const WatchdogSettings& settings, net::DataDir dir, std::shared_ptr<telemetry::Log> log,
                  const std::string& token);

  // Returns whether there is more to do at once.
  bool cycle(base::Micros now);
  void fetch(base::Micros now);
  bool follow(base::Micros now);
  bool apply(const LogIntake::Batch& batch);
  void rebuild(std::string_view why, base::Micros now);
  void retry_later(base::Micros now);
  void report(base::Micros now);

  const WatchdogSettings settings_;
  const net::DataDir dir_;
  const std::shared_ptr<telemetry::Log> log_;
  zmq::context_t context_;
  LogIntake intake_;
  SnapshotClient snapshot_;
  VerdictOutlet outlet_;
  std::optional<Watchdog> core_;

  State state_ = State::waiting;
  base::Micros retry_at_{0};
  base::Micros retry_after_;
  base::Micros report_at_{0};
  telemetry::RateLimit faults_;
  telemetry::DutyCycle duty_;
  bool judged_ = false;  // said that it judges, since the last rebuild
  std::uint64_t rebuilds_ = 0;
  std::uint64_t resends_before_ = 0;  // of cores that are gone
  std::uint64_t log_next_seq_ = 0;    // as the latest batch says
  std::array<std::uint64_t, liveness::verdict_types> decided_before_{};
};

}  // namespace lifesign::watchdog
