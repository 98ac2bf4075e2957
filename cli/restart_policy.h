// Whether a process that died is started again, and when. Pure: it is told how long the process lived.
//
// Problem: a crash should be mended at once, a process that cannot run should not be started for ever.
// Answer: deaths after a long life start the count anew; quick ones double the wait, 200 ms to 10 s, and the sixth in
// a row is the last. An exit code that says "this will not get better by itself" is the last at once.
#pragma once

#include <optional>
#include <string>

#include "base/time.h"

namespace lifesign::cli {

struct Death {
  bool signalled = false;
  int code = 0;  // the exit code, or the signal's number
  base::Micros lived{0};
};

// "exit code 3 (it could not bind; a port is taken)", "killed by signal 9 (Killed)".
std::string death_text(const Death& death);
bool is_final(const Death& death);

class RestartPolicy {
 public:
  static constexpr base::Micros first_wait = std::chrono::milliseconds(200);
  static constexpr base::Micros longest_wait = std::chrono::seconds(10);
  static constexpr base::Micros long_life = std::chrono::seconds(10);
  static constexpr int quick_deaths_at_most = 6;

  // How long to wait before the next start; nothing: give up.
  std::optional<base::Micros> on_death(const Death& death);
  int quick_deaths() const { return quick_deaths_; }

 private:
  int quick_deaths_ = 0;
};

}  // namespace lifesign::cli
