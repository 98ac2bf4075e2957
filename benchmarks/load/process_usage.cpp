#include "load/process_usage.h"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

namespace lifesign::load {

Usage read_usage(pid_t pid) {
  Usage usage;
  std::string line;
  std::ifstream stat(fmt::format("/proc/{}/stat", pid));
  if (std::getline(stat, line)) {
    // The name in parentheses may hold anything; behind it utime and stime are the 12th and 13th field.
    std::istringstream fields(line.substr(line.rfind(')') + 1));
    std::string field;
    for (int i = 0; i < 11; ++i) fields >> field;
    double user = 0, system = 0;
    fields >> user >> system;
    usage.cpu_s = (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  }
  std::ifstream status(fmt::format("/proc/{}/status", pid));
  while (std::getline(status, line))
    if (line.starts_with("VmHWM:")) usage.peak_rss_bytes = std::stoull(line.substr(6)) * 1024;
  return usage;
}

}  // namespace lifesign::load
