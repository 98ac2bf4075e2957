// The broker: its real Sequencer, Ring, Clock and Drain in the loop of broker::BrokerProcess, on simulated sockets,
// clocks and disk. A crash forgets all but the state file.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/clock.h"
#include "broker/drain.h"
#include "broker/sequencer.h"
#include "sim/log_desk.h"
#include "sim/process.h"
#include "sim/sabotage.h"
#include "sim/state_disk.h"

namespace lifesign::sim {

inline constexpr std::string_view token = "token";

class Broker : public Process {
 public:
  // What the world wants to know.
  struct Watch {
    std::function<void(const broker::Batch&, std::uint64_t run)> batch;  // each that is cut
    std::function<void(const std::string&)> broken;                      // a bound or promise of the broker's own
  };
  Broker(Timeline& timeline, Random random, Machine& machine, Disk& disk, const broker::Bounds& bounds,
         Sabotage sabotage, Watch watch);

  void start();
  void crash(bool halt);
  void stop();  // by SIGTERM: keeps its state as of now
  bool accepting() const { return up() && !paused(); }
  void accept_ingest(const LinkPtr& link);
  void accept_log(const LinkPtr& link) { desk_->accept(link); }
  void accept_events(const LinkPtr& link);

  void slow_down(Micros until) { slow_until_ = until; }     // it reads a few messages in each cycle
  void lose_events(double share) { events_lost_ = share; }  // as XPUB does to a subscriber that reads too slowly
  bool slow() const { return now() < slow_until_; }
  std::uint64_t recorded() const { return sequencer_ ? sequencer_->recorded() : 0; }
  std::uint64_t beats() const { return counters_[broker::Count::beats]; }
  std::uint64_t ticks() const { return ticks_; }

 private:
  struct Ingest {
    LinkPtr link;
    Micros visible_from{0};  // the kernel's buffers are read late after a stop
  };
  struct Unread {
    std::uint32_t connection;
    Message message;
  };

  void cycle() override;
  void arrived(std::uint32_t number, const Message& message);
  void read_ingest();
  void ingest_empty(base::LogTime at);
  void write_tick(base::LogTime at);
  void open_new_run(const LogDesk::Ahead& ahead);
  void keep_state();
  void flush();
  void cut();
  void check_bounds();
  void go(bool halt);
  broker::State state() const;

  Random random_;
  Machine& machine_;
  const broker::Bounds bounds_;
  const Sabotage sabotage_;
  const Watch watch_;
  StateDisk state_;
  broker::Counters counters_ = broker::make_counters();

  // Of one life.
  std::unique_ptr<broker::Sequencer> sequencer_;
  std::optional<broker::Clock> clock_;
  std::optional<broker::Drain> drain_;
  std::unique_ptr<LogDesk> desk_;
  broker::Outbox out_;
  std::map<std::uint32_t, Ingest> ingest_;
  std::map<std::uint32_t, LinkPtr> events_;
  std::deque<Unread> inbox_;
  std::size_t unread_ = 0;  // arrived at the machine, in the kernel or in the inbox
  std::vector<std::uint32_t> closing_, closed_;
  base::LogTime state_kept_{};
  std::uint64_t watched_ = 0;  // index in the ring of the next batch that the world has not seen
  std::uint64_t life_ = 0;

  Micros slow_until_{0};
  double events_lost_ = 0;
  std::uint64_t ticks_ = 0;
};

}  // namespace lifesign::sim
