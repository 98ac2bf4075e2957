// A subscriber: the library's real Subscription between the broker's events socket, which may drop, and the recorder's
// `events` query. In the end it has each event that the recorder holds, or has said which it may lack.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <unordered_set>

#include "agent-sdk/subscription.h"
#include "sim/feed.h"
#include "sim/process.h"
#include "sim/recorder.h"
#include "sim/tally.h"

namespace lifesign::sim {

class Subscriber : public Process {
 public:
  Subscriber(Timeline& timeline, Random random, const Recorder& recorder, Feed::Dial dial, Sabotage sabotage);

  void start();
  const LinkPtr& link() const { return link_; }
  // (d) at the end of a world.
  void check(Tally& tally) const;

 private:
  void cycle() override;
  void receive(const Message& message);
  void fill();
  void take_items();

  Random random_;
  const Recorder& recorder_;
  const Feed::Dial dial_;
  const Sabotage sabotage_;
  sdk::Subscription subscription_;
  LinkPtr link_;
  bool lost_ = false;
  std::unordered_set<std::uint64_t> seqs_;
  std::unordered_set<std::string> keys_;
  std::vector<Gap> gaps_;
  Micros fill_since_{0}, ask_at_{0};
};

}  // namespace lifesign::sim
