// Waiting on sockets; a signal just ends the wait early.
#pragma once

#include <algorithm>
#include <cerrno>
#include <span>
#include <zmq.hpp>

#include "base/time.h"

namespace lifesign::sdk {

inline void wait_on(std::span<zmq::pollitem_t> items, base::Micros at_most) {
  const auto ms =
      std::clamp<base::Millis>(std::chrono::ceil<base::Millis>(at_most), base::Millis{0}, std::chrono::hours(1));
  try {
    zmq::poll(items.data(), items.size(), ms);
  } catch (const zmq::error_t& e) {
    if (e.num() != EINTR) throw;
    for (zmq::pollitem_t& item : items) item.revents = 0;
  }
}

}  // namespace lifesign::sdk
