#include "base/assert.h"

#include <execinfo.h>
#include <unistd.h>

#include <cstdlib>

namespace lifesign::base {

void assertion_failed(const char* file, int line, const char* condition, const std::string& message) {
  const std::string text = fmt::format("{}:{}: assertion failed: {}: {}\n", file, line, condition, message);
  // write(2) and not a logger: the process is in a state that nobody foresaw.
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
  void* frames[32];
  ::backtrace_symbols_fd(frames, ::backtrace(frames, 32), STDERR_FILENO);
  std::abort();
}

}  // namespace lifesign::base
