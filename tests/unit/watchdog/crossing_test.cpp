// Verdicts that come back late, get lost, come twice, while agents beat, fall silent, say goodbye and watchdogs die:
// in the end recorder and watchdog hold the same rows, and each outage was told once, with its end.
#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <set>

#include "unit/watchdog/rig.h"

using namespace lifesign;
using test::Rig;

namespace {

struct InFlight {
  double arrives;
  std::string map;
};

struct Agent {
  std::string id;
  std::uint64_t run = 1, run_seq = 0;
  double silent_until = 0;
};

class Crossing {
 public:
  explicit Crossing(std::uint64_t seed) : random_(seed) {
    for (int i = 0; i < 6; ++i) agents_.push_back({std::string(1, static_cast<char>('a' + i))});
    for (const Agent& a : agents_) {
      auto reg = test::registration(a.id);
      reg.interval_ms = 1000;
      reg.missed_limit = 1 + random_() % 3;
      rig_.log.registration(0, reg);
    }
  }

  void run(double seconds, bool calm) {
    for (const double end = t_ + seconds; t_ < end; t_ += 0.1) {
      if (!calm) mischief();
      for (Agent& a : agents_)
        if (calm || (t_ >= a.silent_until && random_() % 8 == 0)) beat(a);
      arrivals();
      if (calm || random_() % 4 != 0) random_() % 3 == 0 ? rig_.log.sequenced_tick(t_ + 0.09) : rig_.log.tick(t_ + 0.09);
      if (!calm && away_until_ > t_) {
        rig_.play_recorder();
        continue;
      }
      if (away_until_ != 0) rig_.restart_dog();
      away_until_ = 0;
      rig_.play();
      // A beat may be sequenced between a decision and its coming back.
      rig_.dog->flush([&](std::string_view map) {
        const bool lost = !calm && random_() % 40 == 0;
        if (lost) lost_at_ = t_;
        if (!lost) flying_.push_back({t_ + (calm ? 0 : static_cast<double>(random_() % 9) / 10), std::string(map)});
        if (!calm && random_() % 10 == 0) flying_.push_back({t_ + 1, std::string(map)});
        return true;
      });
    }
  }

  void check() {
    for (const Agent& a : agents_) {
      const auto row = rig_.recorder.find(a.id);
      auto recorded = rig_.recorder.export_row(row);
      auto watched = rig_.dog->fold().export_row(rig_.dog->fold().find(a.id));
      CHECK(recorded == watched);
      CHECK(recorded.owed.empty());
    }
    CHECK(rig_.dog->outbox().size() == 0);
    // In order of time each agent's outages open and close; a goodbye may close one without a word.
    for (const Agent& a : agents_) {
      std::set<std::string> keys;
      std::vector<std::pair<std::uint64_t, bool>> edges;
      std::set<std::uint64_t> outages, ends;
      for (const auto& record : rig_.log.records()) {
        if (record.kind != wire::Kind::verdicts) continue;
        wire::Reader reader(record.body);
        std::uint32_t n = 0;
        wire::Event v;
        REQUIRE((reader.array(n) && wire::read_event(reader, v).ok()));
        if (v.agent_id != a.id || !keys.insert(wire::verdict_key(v)).second) continue;
        if (v.type == "agent.timeout") CHECK(outages.insert(base::to_wire(v.decided)).second);
        if (v.type == "agent.recovered") {
          std::uint64_t since = 0;
          REQUIRE(wire::find_u64(v.map, "offline_since", since));
          CHECK(ends.insert(since).second);
        }
      }
      for (const std::uint64_t since : ends) CHECK(outages.contains(since));
      if (!a_said_goodbye_.contains(a.id)) CHECK(outages.size() == ends.size());
    }
  }

 private:
  void beat(Agent& a) {
    ++a.run_seq;
    rig_.log.beat(t_, a.id, a.run, a.run_seq);
  }

  void mischief() {
    Agent& a = agents_[random_() % agents_.size()];
    switch (random_() % 60) {
      case 0:
      case 1:
      case 2:
        a.silent_until = t_ + static_cast<double>(random_() % 80) / 10;
        break;
      case 3:
        if (a.id > "c") break;  // three never say goodbye: their books must balance
        rig_.log.goodbye(t_, a.id, a.run);
        a_said_goodbye_.insert(a.id);
        ++a.run;
        a.run_seq = 0;
        break;
      case 4:
        rig_.log.blind(t_, std::max(0.0, t_ - 0.5), t_);
        break;
      case 5:
        // A verdict that was lost is sent again by the watchdog that made it: it lives so long here.
        if (t_ < lost_at_ + 8) break;
        away_until_ = random_() % 2 == 0 ? t_ + static_cast<double>(random_() % 200) / 10 : t_;
        break;
      default:
        break;
    }
  }

  void arrivals() {
    std::stable_sort(flying_.begin(), flying_.end(),
                     [](const InFlight& x, const InFlight& y) { return x.arrives < y.arrives; });
    while (!flying_.empty() && flying_.front().arrives <= t_) {
      rig_.log.verdict(t_, flying_.front().map);
      flying_.pop_front();
    }
  }

  std::mt19937_64 random_;
  Rig rig_;
  std::vector<Agent> agents_;
  std::deque<InFlight> flying_;
  std::set<std::string> a_said_goodbye_;
  double t_ = 0.1;
  double lost_at_ = -100;
  double away_until_ = 0;  // no watchdog runs
};

}  // namespace

TEST_CASE("recorder and watchdog end at one truth, however verdicts and beats cross", "[watchdog][property]") {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    INFO("seed " << seed);
    Crossing crossing(seed);
    crossing.run(60, false);
    crossing.run(15, true);
    crossing.check();
  }
}
