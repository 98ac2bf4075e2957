// Events other than beats wait here until they are recorded, so that nobody acts on what a crash could unmake.
// Pure; one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/time.h"

namespace lifesign::broker {

struct HeldEvent {
  std::uint64_t seq = 0;
  base::LogTime time{};
  std::string type, agent_id;
  std::string map;  // packed, as it stands in the log
};

class EventHold {
 public:
  explicit EventHold(std::uint64_t max_bytes) : max_bytes_(max_bytes) {}

  void add(HeldEvent event);  // in order of seq

  // Publishes in order: topic and packed map, with `prev` of its type.
  using Publish = std::function<void(std::string topic, std::string map)>;
  void release(std::uint64_t recorded, const Publish& publish);
  // What lies at or below `seq` will never be recorded: published as provisional.
  void release_lost(std::uint64_t seq, const Publish& publish);
  // Those held since before `since`, and the oldest while the bound of bytes is passed: published as provisional.
  void release_provisional(base::LogTime since, const Publish& publish);

  std::size_t size() const { return held_.size(); }
  std::uint64_t bytes() const { return bytes_; }
  bool over() const { return bytes_ > max_bytes_; }
  std::uint64_t provisional() const { return provisional_; }

  // The seq last published of a type, for `prev` and for ticks. Beats are noted by the caller.
  std::uint64_t last(std::string_view type) const;
  void note(std::string_view type, std::uint64_t seq);
  const std::map<std::string, std::uint64_t, std::less<>>& lasts() const { return last_; }

 private:
  void publish_front(bool provisional, const Publish& publish);

  const std::uint64_t max_bytes_;
  std::deque<HeldEvent> held_;
  std::uint64_t bytes_ = 0;
  std::uint64_t provisional_ = 0;
  std::map<std::string, std::uint64_t, std::less<>> last_;
};

}  // namespace lifesign::broker
