// The watchdog: the real watchdog::Watchdog, between a snapshot of the recorder, the log feed and ingest. The session
// logic of watchdog::LogIntake, SnapshotClient and VerdictOutlet is bound to sockets, so their rules (docs/protocol.md,
// "Log" and "Query"; docs/liveness.md, "The watchdog's life") stand here once more. Snapshot pages are small, and come
// one after the other while the recorder goes on, so their rows are of different ages.
#pragma once

#include <functional>
#include <optional>

#include "sim/feed.h"
#include "sim/process.h"
#include "sim/recorder.h"
#include "watchdog/watchdog.h"

namespace lifesign::sim {

class Watchdog : public Process {
 public:
  struct Watch {
    std::function<void(const std::string&)> broken;
  };
  Watchdog(Timeline& timeline, Random random, const Recorder& recorder, Feed::Dial log, Feed::Dial ingest,
           Sabotage sabotage, Watch watch);

  void start();
  void crash(bool halt);

  bool judging() const { return up() && core_ && core_->judging(); }
  const watchdog::Watchdog* core() const { return core_ ? &*core_ : nullptr; }
  const LinkPtr& link() const { return log_.link(); }
  std::uint64_t looks() const { return looks_ + (core_ ? core_->counters().looks : 0); }
  std::uint64_t rebuilds() const { return rebuilds_; }

 private:
  enum class State { waiting, fetching, following };
  enum class Session { idle, starting, streaming };

  void cycle() override;
  void begin_fetch();
  void fetch();
  void follow();
  void intake_tick();
  void restart_session();
  bool take(const Message& message);
  bool accept(const wire::BatchHeader& header);
  void rebuild();
  void send_verdicts();

  Random random_;
  const Recorder& recorder_;
  const Feed::Dial dial_ingest_;
  const Sabotage sabotage_;
  const Watch watch_;
  Feed log_;
  LinkPtr ingest_;

  std::optional<watchdog::Watchdog> core_;
  State state_ = State::waiting;
  Session session_ = Session::idle;
  Micros retry_at_{0}, retry_after_{0};
  std::uint64_t recorder_life_ = 0;  // of the recorder that gave the first page
  std::string cursor_;
  bool first_page_ = true;
  Micros page_at_{0};
  std::uint64_t run_ = 0, used_ = 0;
  bool lost_ = false, started_ = false;
  Micros tried_{0}, heard_{0}, spoke_{0};
  std::uint64_t corr_ = 0;
  std::uint64_t looks_ = 0, rebuilds_ = 0;
};

}  // namespace lifesign::sim
