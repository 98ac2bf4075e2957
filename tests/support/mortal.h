// An agent that dies and comes back, again and again: it beats ten times a second for a while, is silent for several of
// its intervals, and goes on, by turns as the same run and as a new one. It asks for no acks: what the log holds of it
// is what is judged.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <zmq.hpp>

namespace lifesign::tests {

class Mortal {
 public:
  static constexpr std::uint64_t interval_ms = 300;
  static constexpr std::uint64_t grace_ms = 75;     // the default: a quarter
  static constexpr std::uint64_t timeout_ms = 600;  // of silence, by the default of two missed beats

  Mortal(std::string id, std::string endpoint, std::uint64_t seed);
  ~Mortal() { finish(); }
  void finish();  // it dies for good
  const std::string& id() const { return id_; }

 private:
  void work();
  bool passes(std::chrono::milliseconds span);  // false: it is to end
  void beat(zmq::socket_t& socket);

  const std::string id_, endpoint_;
  std::mt19937_64 random_;
  std::uint64_t run_, run_seq_ = 0;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace lifesign::tests
