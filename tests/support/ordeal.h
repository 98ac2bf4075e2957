// An ordeal: a whole Lifesign that is treated badly, and beside it an agent that does everything right and must not
// notice.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "lifesign/agent.h"
#include "support/system.h"

namespace lifesign::tests {

using Frames = std::vector<std::string>;

// A sanitizer keeps what was freed, and takes several times the memory and time: then neither is judged.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif

class Ordeal {
 public:
  // `open_files`: the limit of Lifesign's processes; 0: as the tests have it.
  explicit Ordeal(const std::string& name, unsigned open_files = 0);

  System& system() { return system_; }
  std::string endpoint(const std::string& name) const { return system_.endpoint(name); }
  std::uint64_t of_broker(const std::string& counter);    // as `status` tells it
  std::uint64_t of_recorder(const std::string& counter);  // as the recorder's `status` tells it
  std::uint64_t of_watchdog(const std::string& counter);  // as it last reported
  bool log_time_passes(std::chrono::milliseconds span);

  // The bystander's beats are still acknowledged as recorded, nobody was timed out, each process lives, answers and has
  // at most so much memory.
  void check_unharmed(std::uint64_t most_bytes = 256 << 20);

 private:
  Value broker_status();

  System system_;
  // Connected before anything bad happens, since there may be no room later.
  std::optional<Commands> commands_;
  std::optional<Query> query_;
  std::unique_ptr<Agent> bystander_;
  std::vector<std::pair<std::string, pid_t>> pids_;
};

// A DEALER that sends any frames and reads what comes back.
class Dealer {
 public:
  explicit Dealer(const std::string& endpoint);
  void send(const Frames& frames);
  Frames receive();  // fails the test when nothing comes
  Frames ask(const Frames& frames);
  zmq::socket_t& socket() { return socket_; }

 private:
  zmq::context_t context_;
  zmq::socket_t socket_;
};

}  // namespace lifesign::tests
