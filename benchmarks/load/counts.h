// What a run counts while it goes on: written by one thread each, read by the main one at the bounds of the measured
// span. Beats, unless the name says otherwise.
#pragma once

#include <atomic>
#include <cstdint>

namespace lifesign::load {

// Only its own thread adds, so that no locked instruction is needed.
class Count {
 public:
  void add(std::uint64_t n) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

struct SendCounts {
  Count sent, sent_messages;
  Count acked;          // answered with the level that was asked for
  Count refused;        // answered with an error
  Count unanswered;     // messages given up
  Count late_messages;  // with a rate: over 1 ms behind their turn when they were handed to ZeroMQ
};

struct ReceiveCounts {
  Count received;
  Count recorded;    // by the log's watermark; 0 where the log is not read
  Count lost_feeds;  // times that the broker cut the log reader off
};

}  // namespace lifesign::load
