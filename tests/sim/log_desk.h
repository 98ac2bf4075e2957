// The broker's end of the log feed: the thin equivalent of broker::LogDesk, which is bound to its socket, by the rules
// of docs/protocol.md, "Log": start, credit, recorded, too_old, too_slow, busy, log.gap, and a recorder that is ahead.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "broker/sequencer.h"
#include "sim/link.h"

namespace lifesign::sim {

class LogDesk {
 public:
  explicit LogDesk(broker::Sequencer& sequencer) : sequencer_(sequencer) {}

  void accept(const LinkPtr& link);
  void gone(std::uint32_t number);  // the connection is known to be lost
  std::vector<LinkPtr> links() const;

  struct Ahead {
    std::uint64_t seq;
    base::LogTime held;
  };
  // Answers what has come. A recorder that is ahead: a new run must be opened above it.
  std::optional<Ahead> answer(base::LogTime now, broker::Outbox& out);
  void send(base::LogTime now);

 private:
  struct Session {
    bool is_recorder = false;
    bool ticks = true;
    std::uint64_t next_index = 0;
    std::uint64_t credit = 0;
    base::LogTime heard{};
  };
  using Sessions = std::map<std::uint32_t, Session>;

  std::optional<Ahead> start(std::uint32_t number, const wire::LogRequest& request, base::LogTime now,
                             broker::Outbox& out);
  void refuse(std::uint32_t number, base::Code code);
  void drop(Sessions::iterator session, base::LogTime now);
  bool another_recorder_lives(std::uint32_t number, base::LogTime now);
  bool send_batch(std::uint32_t number, const broker::Batch& batch);  // false: the connection is gone

  broker::Sequencer& sequencer_;
  std::map<std::uint32_t, LinkPtr> links_;
  Sessions sessions_;
  std::vector<std::pair<std::uint32_t, std::string>> inbox_;
};

}  // namespace lifesign::sim
