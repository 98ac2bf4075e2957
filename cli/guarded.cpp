#include "cli/guarded.h"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace lifesign::cli {
namespace {

void write_all(int fd, const std::string& text) {
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t bytes = ::write(fd, text.data() + written, text.size() - written);
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes <= 0) return;
    written += static_cast<std::size_t>(bytes);
  }
}

[[noreturn]] void work_in_child(int fd, const std::function<std::string()>& work) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // A death here is an answer: no core file is wanted of it.
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  int code = 1;
  try {
    write_all(fd, work());
    code = 0;
  } catch (const std::exception& e) {
    write_all(fd, e.what());
  }
  ::_exit(code);
}

}  // namespace

base::Result<Guarded> run_guarded(const std::function<std::string()>& work) {
  int ends[2];
  if (::pipe(ends) != 0) return base::Error{base::Code::io_failed, fmt::format("pipe: {}", std::strerror(errno))};
  const auto began = base::monotonic_now();
  const pid_t pid = ::fork();
  if (pid < 0) {
    const int cause = errno;
    ::close(ends[0]);
    ::close(ends[1]);
    return base::Error{base::Code::io_failed, fmt::format("fork: {}", std::strerror(cause))};
  }
  if (pid == 0) {
    ::close(ends[0]);
    work_in_child(ends[1], work);
  }
  ::close(ends[1]);
  Guarded out;
  std::array<char, 4096> part{};
  while (true) {
    const ssize_t bytes = ::read(ends[0], part.data(), part.size());
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes <= 0) break;
    out.text.append(part.data(), static_cast<std::size_t>(bytes));
  }
  ::close(ends[0]);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  const bool signalled = WIFSIGNALED(status);
  out.death = {signalled, signalled ? WTERMSIG(status) : WEXITSTATUS(status), base::monotonic_now() - began};
  return out;
}

}  // namespace lifesign::cli
