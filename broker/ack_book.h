// Who waits for a `recorded` ack, in the order of the log. Pure; one thread.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <string>

#include "base/time.h"

namespace lifesign::broker {

struct Waiting {
  std::string to;  // routing id
  std::uint64_t corr = 0;
  std::uint64_t first_seq = 0;
  std::uint64_t last_seq = 0;
  base::LogTime time{};  // stamp
  base::LogTime deadline{};
  bool answered = false;
};

class AckBook {
 public:
  explicit AckBook(std::size_t max_waiting) : max_waiting_(max_waiting) {}

  bool full() const { return waiting_.size() >= max_waiting_; }
  std::size_t size() const { return waiting_.size(); }
  void add(Waiting waiting);  // in order of seq; not when full

  // Hands out and forgets all that `recorded` covers, then all whose deadline is at or before `now`.
  using Each = std::function<void(const Waiting&)>;
  void release(std::uint64_t recorded, const Each& each);
  void expire(base::LogTime now, const Each& each);
  void fail_all(const Each& each);
  void fail_range(std::uint64_t first_seq, std::uint64_t last_seq, const Each& each);  // what touches it

 private:
  const std::size_t max_waiting_;
  std::deque<Waiting> waiting_;
  base::LogTime next_expiry_ = base::LogTime::max();  // no deadline is earlier: spares the scan
};

}  // namespace lifesign::broker
