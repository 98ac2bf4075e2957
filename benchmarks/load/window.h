// The messages of one connection that wait for an answer: a bounded number, each with when it was due. Pure.
//
// A slot is a message's number modulo the window's size: the window is full while the slot that the next message needs
// is taken, so that an answer that stays away holds its connection up, as it would a client with a bounded queue.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"

namespace lifesign::load {

class Window {
 public:
  struct Message {
    std::uint64_t number = 0;  // 1, 2, 3 …; the `corr` of the protocol
    base::Micros due{0};
    std::uint32_t beats = 0;
  };

  explicit Window(std::size_t size) : slots_(size) {}

  bool full() const { return slots_[next_ % slots_.size()].number != 0; }
  bool empty() const { return waiting_ == 0; }
  std::uint64_t next() const { return next_; }       // the number of the message to be sent next
  void sent(base::Micros due, std::uint32_t beats);  // not when full
  // Takes the message out; nothing if it does not wait (any more).
  std::optional<Message> answered(std::uint64_t number);
  // Takes out all up to `number`: for messages that ask for no answer, which one that asks speaks for.
  void answered_up_to(std::uint64_t number);
  // Takes out all that were due before `before`, and says how many.
  std::size_t give_up(base::Micros before);

 private:
  std::vector<Message> slots_;
  std::uint64_t next_ = 1;
  std::size_t waiting_ = 0;
};

}  // namespace lifesign::load
