// A host of agents: the library's real Member, Spool and Courier in the loop of sdk::BeatLoop (which is bound to its
// thread and socket), with its own clock. One host is one connection; an AgentGroup is a host with many members.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "agent-sdk/courier.h"
#include "agent-sdk/member.h"
#include "agent-sdk/spool.h"
#include "sim/feed.h"
#include "sim/process.h"

namespace lifesign::sim {

struct Policy {
  std::int64_t interval_ms = 1000;
  std::uint64_t grace_ms = 250;
  std::uint64_t limit = 2;
  // The least silence that may be called a death.
  Micros patience() const {
    const auto interval = static_cast<std::uint64_t>(interval_ms);
    return base::Millis(std::max(limit * interval, interval + grace_ms));
  }
};

struct Acked {  // a beat that the broker called recorded
  std::string agent_id;
  std::uint64_t run, run_seq, seq;
};

class Host : public Process {
 public:
  struct Options {
    std::string name;
    std::vector<Policy> members;
    Ack ack = Ack::recorded;
    Micros clock_off{0};  // of its wall clock
  };
  Host(Timeline& timeline, Random random, Options options, Feed::Dial dial, std::function<void(Acked)> recorded);

  void start();  // each member with a new run
  void crash(bool halt);
  void hang(std::size_t member, bool hung) { lives_[member].hung = hung, wake(now()); }
  void say_goodbye(std::size_t member);
  void come_back(std::size_t member);  // after a goodbye: a new run
  void step_clock(Micros by) { clock_off_ += by; }

  std::size_t size() const { return options_.members.size(); }
  const std::string& id(std::size_t member) const { return ids_[member]; }
  const Policy& policy(std::size_t member) const { return options_.members[member]; }
  bool beats(std::size_t member) const { return up() && !paused() && !lives_[member].hung && !lives_[member].left; }
  bool beat_since(std::size_t member, Micros since) const { return lives_[member].member.last_beat > since; }
  const LinkPtr& link() const { return link_; }

 private:
  struct Life {
    sdk::Member member;
    bool hung = false;
    bool left = false;  // said goodbye
  };
  using Timer = std::pair<Micros, std::size_t>;

  void cycle() override;
  void connect();
  void take_replies();
  void take_reply(const wire::Reply& reply);
  void make_due_beats();
  void beat(std::size_t member);
  void pump();
  bool send(wire::Kind kind, Ack ack, std::uint64_t corr, std::string body);
  void register_member(std::size_t member);
  void new_run(std::size_t member);

  Random random_;
  const Options options_;
  const Feed::Dial dial_;
  const std::function<void(Acked)> recorded_;
  std::vector<std::string> ids_;
  Micros clock_off_;

  // Of one life.
  std::vector<Life> lives_;
  std::optional<sdk::Spool> spool_;
  std::optional<sdk::Courier> registrations_, goodbyes_;
  std::priority_queue<Timer, std::vector<Timer>, std::greater<>> timers_;
  // What an order of the spool was, to check what is acknowledged.
  struct Sent {
    std::size_t member;
    std::uint64_t run, run_seq;
  };
  std::unordered_map<std::uint64_t, Sent> sent_;
  LinkPtr link_;
  bool lost_ = false;
  Micros dial_at_{0};
  std::deque<std::string> replies_;
  std::uint64_t corr_ = 0;
};

}  // namespace lifesign::sim
