// A Subscriber on a thread of its own that keeps all it is handed; and what a test may ask of that.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/system.h"

namespace lifesign::tests {

class Listener {
 public:
  // `types`: empty for all but heartbeats. It listens from the beginning of the log. With `restarts` it is one type,
  // and every few events a new Subscriber goes on after the last recorded event of that type.
  Listener(const System& system, std::vector<std::string> types, bool restarts);
  ~Listener() { finish(); }
  void finish();

  std::uint64_t last() const { return last_; }  // the highest seq that it was handed
  // After finish(): each of `due` (all events of its types up to one that it was handed) came once and in order within
  // its type, but for what a Gap names; and nothing came, but what was provisional, that is not among `recorded` (all
  // events of its types).
  void audit(const std::vector<Value>& due, const std::vector<Value>& recorded) const;
  std::size_t gaps() const { return gaps_.size(); }
  int starts() const { return starts_; }

 private:
  void work();
  SubscriberOptions options() const;
  void take(Item item);
  bool in_gap(const Value& event) const;

  const std::string events_, query_;
  const std::vector<std::string> types_;
  const bool restarts_;
  std::uint64_t cursor_ = 0;
  std::vector<Event> got_;
  std::vector<Gap> gaps_;
  int starts_ = 0;
  std::atomic<std::uint64_t> last_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace lifesign::tests
