// One world: a seeded fleet, the service, a storm, then calm, and what the oracle says of it.
#pragma once

#include <memory>
#include <set>
#include <vector>

#include "sim/blindness.h"
#include "sim/broker.h"
#include "sim/host.h"
#include "sim/naive.h"
#include "sim/recorder.h"
#include "sim/storm.h"
#include "sim/subscriber.h"
#include "sim/tally.h"
#include "sim/watchdog.h"

namespace lifesign::sim {

struct WorldOptions {
  std::uint64_t seed = 1;
  const Storm* storm = &storms.back();
  Micros storm_time = 60s;
  Micros calm_time = 45s;  // all that began in the storm is over by then
  std::size_t agents = 800;
  Sabotage sabotage = Sabotage::none;
};

class World {
 public:
  explicit World(const WorldOptions& options);
  Tally run();

 private:
  friend class Weather;
  struct Place {  // of an agent
    std::size_t host, member;
  };
  struct Cut {  // a batch as it was cut
    std::uint64_t run, first_seq, next_seq;
    std::int64_t time;  // log time, ms
    Micros at;
    std::uint64_t beats;
  };

  void build_fleet();
  void build_service();
  void start();
  void step();
  LinkPtr dial(bool reachable);
  bool healthy() const;
  void set_broken(const std::string& what);
  void watch_batch(const broker::Batch& batch, std::uint64_t run);
  void start_recorder();
  void check();
  // Rows that were beaten after `up_to`, which one of the two has not read yet, are left out.
  void check_rows(const liveness::Fold& a, const liveness::Fold& b, std::string_view what, std::uint64_t up_to);
  void check_lost(const Blindness& blindness);
  std::int64_t delay(std::int64_t deadline, std::uint64_t seq) const;

  const WorldOptions options_;
  Random random_;
  Tally tally_;
  Timeline timeline_;
  Machine machine_;
  Disk disk_;
  std::uint32_t links_ = 0;
  Micros delay_{2'000};  // of connections made now
  Micros suspended_until_{0};

  std::unique_ptr<Broker> broker_;
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<Watchdog> watchdog_;
  std::unique_ptr<Subscriber> subscriber_;
  std::vector<std::unique_ptr<Host>> hosts_;
  std::vector<Micros> cut_off_until_;  // of hosts
  std::vector<Place> agents_;
  std::vector<bool> audible_;
  std::unique_ptr<Naive> naive_;
  Micros naive_away_until_{0};

  std::vector<Acked> acked_;
  std::uint64_t acked_most_ = 0;
  std::vector<Cut> cuts_;
  std::vector<std::pair<Micros, bool>> health_;  // changes
};

}  // namespace lifesign::sim
