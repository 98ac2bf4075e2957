// Which beats somebody wants as single events: XPUB tells of subscriptions, and beats that nobody wants cost nothing.
// Pure; one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace lifesign::broker {

class BeatTopics {
 public:
  explicit BeatTopics(std::size_t max_topics) : max_topics_(max_topics) {}

  // A message of XPUB: byte 1 or 0, then the topic. XPUB sends the first subscription of a topic and the last end.
  void apply(std::string_view message);

  bool none() const { return !all_ && exact_.empty() && prefixes_.empty(); }
  bool wants(std::string_view agent_id) const;
  std::uint64_t refused() const { return refused_; }  // subscriptions over the bound: they see no single beats

 private:
  const std::size_t max_topics_;
  bool all_ = false;
  std::unordered_set<std::string> wide_;   // topics that match every beat
  std::unordered_set<std::string> exact_;  // whole agent ids
  std::vector<std::string> prefixes_;      // of agent ids
  std::uint64_t refused_ = 0;
};

}  // namespace lifesign::broker
