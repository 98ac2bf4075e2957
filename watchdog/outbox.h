// Verdicts on their way: made, sent, and not yet seen in the log. Each is sent again until it is seen; its key makes
// that harmless.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "liveness/types.h"

namespace lifesign::watchdog {

inline constexpr liveness::Ms resend_after = 1000;  // of log time
inline constexpr std::size_t in_flight_max = 8192;  // sent and not seen; the rest waits, so a mass death is no flood

class Outbox {
 public:
  // False: it is in here already.
  bool add(std::string key, std::string map);
  // The log holds it. False: it was not ours, or was seen before.
  bool seen(std::string_view key);
  // Calls send(map) for what is new, up to the bound, and for what was sent resend_after ago and not seen since. A
  // send that returns false ends the round; that verdict and the rest stay due.
  template <class Send>
  void flush(liveness::Ms now, Send&& send);

  std::size_t size() const { return items_.size(); }
  std::uint64_t resends() const { return resends_; }
  void clear();

 private:
  struct Item {
    std::string map;
    bool sent = false;
  };
  struct Sent {
    liveness::Ms at;
    std::string key;
  };
  std::unordered_map<std::string, Item> items_;
  std::deque<std::string> fresh_;  // keys not sent yet
  std::deque<Sent> sent_;          // in order of time; may hold keys that were seen since
  std::size_t in_flight_ = 0;
  std::uint64_t resends_ = 0;
};

template <class Send>
void Outbox::flush(liveness::Ms now, Send&& send) {
  while (!sent_.empty() && sent_.front().at + resend_after <= now) {
    const auto it = items_.find(sent_.front().key);
    if (it != items_.end()) {
      if (!send(std::string_view(it->second.map))) return;
      ++resends_;
      sent_.push_back({now, std::move(sent_.front().key)});
    }
    sent_.pop_front();
  }
  while (!fresh_.empty() && in_flight_ < in_flight_max) {
    const auto it = items_.find(fresh_.front());
    if (it != items_.end() && !it->second.sent) {
      if (!send(std::string_view(it->second.map))) return;
      it->second.sent = true;
      ++in_flight_;
      sent_.push_back({now, std::move(fresh_.front())});
    }
    fresh_.pop_front();
  }
}

}  // namespace lifesign::watchdog
