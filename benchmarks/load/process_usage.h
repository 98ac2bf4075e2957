// What a process has used, as /proc tells it.
#pragma once

#include <sys/types.h>

#include <cstdint>

namespace lifesign::load {

struct Usage {
  double cpu_s = 0;                  // user and system, of all its threads
  std::uint64_t peak_rss_bytes = 0;  // VmHWM
};

// All zero where the process is no more.
Usage read_usage(pid_t pid);

}  // namespace lifesign::load
