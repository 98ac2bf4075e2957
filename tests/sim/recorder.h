// The recorder: its real State on a simulated store. The session logic of recorder::LogIntake and the writer's queue of
// recorder::Writer are bound to a socket and a thread, so their rules (docs/protocol.md, "Log"; recorder/writer.h)
// stand here once more: start only when all that is held is on disk, credit by what the queue still takes, recorded
// after the commit.
#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "sim/disk.h"
#include "sim/feed.h"
#include "sim/process.h"
#include "sim/sabotage.h"
#include "sim/store.h"

namespace lifesign::sim {

class Recorder : public Process {
 public:
  struct Watch {
    std::function<void(const std::string&)> broken;
  };
  struct Options {
    std::uint64_t queue = 4 << 20;  // the least that the recorder can be set to
    std::uint64_t window = 4 << 20;
  };
  Recorder(Timeline& timeline, Random random, Disk& disk, Options options, Feed::Dial dial, Sabotage sabotage,
           Watch watch);

  void start();
  void crash(bool halt);

  const Store& store() const { return store_; }
  const recorder::State& state() const { return *state_; }
  std::uint64_t durable() const { return durable_; }
  bool answers() const { return up() && !paused(); }
  const LinkPtr& link() const { return feed_.link(); }
  std::uint64_t recoveries() const { return recoveries_; }

 private:
  void cycle() override;
  void take_batches();
  bool follows(const wire::BatchHeader& header) const;
  void tick();
  void send_start();
  std::uint64_t room() const;
  void leave() { stale_ = stale_ || streaming_, streaming_ = fresh_ = false; }
  void commit();
  void committed(std::uint64_t life);

  Random random_;
  Disk& disk_;
  const Options options_;
  const Sabotage sabotage_;
  const Watch watch_;
  Store store_;
  Feed feed_;
  std::uint64_t recoveries_ = 0;

  // Of one life.
  std::unique_ptr<recorder::State> state_;
  std::deque<recorder::Work> queue_, writing_;
  std::uint64_t queued_bytes_ = 0;
  std::uint64_t durable_ = 0, told_ = 0, outstanding_ = 0, run_ = 0;
  bool streaming_ = false, fresh_ = false, stale_ = false, full_ = false;
  Micros started_{0}, heard_{0}, spoke_{0};
  std::uint64_t life_ = 0;
};

}  // namespace lifesign::sim
