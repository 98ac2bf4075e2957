#include "load/window.h"

#include "base/assert.h"

namespace lifesign::load {

void Window::sent(base::Micros due, std::uint32_t beats) {
  LIFESIGN_ASSERT(!full(), "the window's slot for message {} is taken", next_);
  slots_[next_ % slots_.size()] = {next_, due, beats};
  ++next_;
  ++waiting_;
}

std::optional<Window::Message> Window::answered(std::uint64_t number) {
  Message& slot = slots_[number % slots_.size()];
  if (number == 0 || slot.number != number) return std::nullopt;
  const Message out = slot;
  slot.number = 0;
  --waiting_;
  return out;
}

void Window::answered_up_to(std::uint64_t number) {
  for (Message& slot : slots_) {
    if (slot.number == 0 || slot.number > number) continue;
    slot.number = 0;
    --waiting_;
  }
}

std::size_t Window::give_up(base::Micros before) {
  std::size_t given_up = 0;
  for (Message& slot : slots_) {
    if (slot.number == 0 || slot.due >= before) continue;
    slot.number = 0;
    --waiting_;
    ++given_up;
  }
  return given_up;
}

}  // namespace lifesign::load
