// State and the mutex that guards it: held by the intake for one batch at a time, by the query desk for one page.
#pragma once

#include <mutex>

#include "recorder/state.h"

namespace lifesign::recorder {

class SharedState {
 public:
  explicit SharedState(State state) : state_(std::move(state)) {}

  // with([](State& state) { … }): no waiting, no disk writes, no sockets inside.
  template <class Work>
  auto with(Work&& work) {
    const std::lock_guard lock(mutex_);
    return work(state_);
  }

 private:
  std::mutex mutex_;
  State state_;
};

}  // namespace lifesign::recorder
