// A client that sends each beat until it is told that it is recorded, with the same run_seq: the plainest one that the
// protocol page allows. It beats without a pause, on a thread of its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <zmq.hpp>

#include "lifesign/query.h"

namespace lifesign::tests {

class RecordedBeats {
 public:
  RecordedBeats(std::string id, std::string endpoint);
  ~RecordedBeats() { finish(); }
  void finish();  // no more beats; what was sent may still be recorded
  std::uint64_t recorded() const { return recorded_; }
  const std::string& id() const { return id_; }

 private:
  void work();
  bool answered(zmq::socket_t& socket, std::uint64_t corr);

  const std::string id_, endpoint_;
  std::atomic<std::uint64_t> recorded_{0};
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace lifesign::tests
