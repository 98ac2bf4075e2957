// The broker: sockets, clocks and files round a Sequencer, in one thread and one loop.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "base/stop_signal.h"
#include "broker/clock.h"
#include "broker/drain.h"
#include "broker/events_outlet.h"
#include "broker/ingest_intake.h"
#include "broker/log_desk.h"
#include "broker/reports.h"
#include "broker/sequencer.h"
#include "broker/settings.h"
#include "broker/state_file.h"
#include "net/data_dir.h"
#include "net/gate.h"
#include "telemetry/duty_cycle.h"
#include "telemetry/log.h"

namespace lifesign::broker {

class BrokerProcess {
 public:
  // Loads the state, opens a run, binds, and writes its endpoints to the data folder. busy: a port is taken;
  // invalid_config: an endpoint cannot be used; storage_failed, io_failed: the state file.
  static base::Result<std::unique_ptr<BrokerProcess>> make(const BrokerSettings& settings, net::DataDir dir,
                                                           std::shared_ptr<telemetry::Log> log);
  // Until a signal: then hands the rest of the log to the recorder and keeps the state.
  base::Status run(base::StopSignal& stop);

 private:
  BrokerProcess(const BrokerSettings& settings, net::DataDir dir, std::shared_ptr<telemetry::Log> log,
                std::string token);
  base::Status open_state();
  base::Status bind_all();

  bool cycle();  // one turn of the loop; true: there may be more to do at once
  base::LogTime now() const { return clock_->at(base::boot_now()); }
  bool read_ingest();
  void ingest_empty(base::LogTime at);
  void handle(const Request& request, const base::Status& error, base::LogTime at);
  bool serve_log();
  void open_new_run(std::uint64_t above, base::LogTime held);
  void keep_state();
  void flush();
  void last_words();
  void note_state_errors();
  void note_refusals();
  void note_ended();
  void update_gauges();
  State state() const;

  const BrokerSettings settings_;
  const net::DataDir dir_;
  const std::shared_ptr<telemetry::Log> log_;
  Counters counters_ = make_counters();
  StateFile state_file_;
  std::string boot_id_;
  std::optional<Clock> clock_;
  std::optional<Drain> drain_;
  Sequencer sequencer_;
  Reports reports_;
  telemetry::DutyCycle duty_{std::chrono::milliseconds(20)};
  telemetry::RateLimit state_faults_, refusals_, endings_;
  std::uint64_t refused_ = 0, ended_ = 0;  // as far as looked at

  zmq::context_t context_;
  net::Gate gate_;
  std::optional<IngestIntake> intake_;
  std::optional<EventsOutlet> outlet_;
  std::optional<LogDesk> desk_;
  Outbox out_;
  base::LogTime state_kept_{};
  std::uint64_t kept_next_seq_ = 0;
};

}  // namespace lifesign::broker
