// Composes the recorder: database, recovered state, writer, query desk, log intake, reports; and runs the intake.
//
//   intake (this thread)  feed -> state -> writer's queue; watermark and credit -> broker; reports
//   writer                queue -> one transaction, one fsync -> watermark
//   query desk            requests -> state or database -> answers
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <zmq.hpp>

#include "base/error.h"
#include "base/stop_signal.h"
#include "net/data_dir.h"
#include "recorder/commit_store.h"
#include "recorder/environment_store.h"
#include "recorder/key_store.h"
#include "recorder/log_intake.h"
#include "recorder/query_desk.h"
#include "recorder/report_outlet.h"
#include "recorder/settings.h"
#include "recorder/shared_state.h"
#include "recorder/wake_fd.h"
#include "recorder/writer.h"
#include "telemetry/duty_cycle.h"
#include "telemetry/log.h"

namespace lifesign::recorder {

class RecorderProcess {
 public:
  // Opens and recovers the database and binds the query endpoint. Errors: storage_failed, busy (port taken),
  // invalid_config, others.
  static base::Result<std::unique_ptr<RecorderProcess>> make(const RecorderSettings& settings, net::DataDir dir,
                                                             std::shared_ptr<telemetry::Log> log);

  // Until the signal, or until the disk fails (storage_failed): what was not acknowledged by then never is.
  base::Status run(base::StopSignal& stop);

 private:
  RecorderProcess(const RecorderSettings& settings, net::DataDir dir, std::shared_ptr<telemetry::Log> log,
                  std::string token, EnvironmentStore env);
  base::Status recover_state();
  base::Status bind_desk();
  void connect();

  void cycle(base::Micros now);
  bool take(const LogIntake::Batch& batch);
  void watch_writer(const Writer::Report& report, base::Micros now);
  Counts counts() const;

  const RecorderSettings settings_;
  const net::DataDir dir_;
  const std::shared_ptr<telemetry::Log> log_;
  const std::string token_;
  EnvironmentStore env_;
  zmq::context_t context_{1};
  WakeFd committed_;
  std::unique_ptr<KeyStore> keys_;  // before the state, which asks it
  std::unique_ptr<SharedState> state_;
  std::unique_ptr<CommitStore> sink_;
  std::unique_ptr<Writer> writer_;
  std::optional<LogIntake> intake_;
  std::optional<ReportOutlet> reports_;
  telemetry::DutyCycle duty_{std::chrono::milliseconds(20)};
  std::uint64_t held_ = 0;
  std::uint64_t held_time_ = 0;  // log time there, in µs
  bool was_full_ = false;
  std::uint64_t bad_entries_said_ = 0, untracked_said_ = 0;

  mutable std::mutex counts_mutex_;
  Counts counts_;                    // a copy for the query desk, a second old at most
  std::unique_ptr<QueryDesk> desk_;  // last: its thread uses the others
};

}  // namespace lifesign::recorder
