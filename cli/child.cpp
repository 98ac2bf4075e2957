#include "cli/child.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <utility>

namespace lifesign::cli {
namespace {

// Between fork and exec only what is safe in a process that had threads.
[[noreturn]] void become(pid_t parent, char* const* arguments) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(1);  // it died before prctl
  ::setpgid(0, 0);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  if (const int null = ::open("/dev/null", O_RDONLY); null >= 0) ::dup2(null, STDIN_FILENO);
  ::execv(arguments[0], arguments);
  ::_exit(127);
}

}  // namespace

base::Result<Child> Child::start(std::string name, const std::vector<std::string>& command) {
  if (::access(command[0].c_str(), X_OK) != 0) {
    return base::Error{base::Code::io_failed, fmt::format("{} cannot be started: {}: {}; build it with scripts/build",
                                                          name, command[0], std::strerror(errno))};
  }
  std::vector<char*> arguments;
  for (const auto& part : command) arguments.push_back(const_cast<char*>(part.c_str()));
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) become(parent, arguments.data());
  if (pid < 0) return base::Error{base::Code::io_failed, fmt::format("{}: fork: {}", name, std::strerror(errno))};
  const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));  // glibc 2.36's header is not for C++
  if (fd < 0) {
    const int cause = errno;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return base::Error{base::Code::io_failed, fmt::format("{}: pidfd_open: {}", name, std::strerror(cause))};
  }
  return Child(std::move(name), pid, fd);
}

Child::Child(std::string name, pid_t pid, int fd)
    : name_(std::move(name)), pid_(pid), fd_(fd), started_(base::monotonic_now()) {}

Child::Child(Child&& other) noexcept
    : name_(std::move(other.name_)),
      pid_(std::exchange(other.pid_, -1)),
      fd_(std::exchange(other.fd_, -1)),
      started_(other.started_),
      death_(other.death_) {}

Child& Child::operator=(Child&& other) noexcept {
  std::swap(name_, other.name_);
  std::swap(pid_, other.pid_);
  std::swap(fd_, other.fd_);
  std::swap(started_, other.started_);
  std::swap(death_, other.death_);
  return *this;
}

Child::~Child() {
  if (pid_ > 0 && !death()) {
    signal(SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (fd_ >= 0) ::close(fd_);
}

void Child::signal(int number) const {
  if (pid_ > 0 && !death_) ::kill(pid_, number);
}

const std::optional<Death>& Child::death() {
  int status = 0;
  if (!death_ && pid_ > 0 && ::waitpid(pid_, &status, WNOHANG) == pid_) {
    const bool signalled = WIFSIGNALED(status);
    death_ = Death{signalled, signalled ? WTERMSIG(status) : WEXITSTATUS(status), base::monotonic_now() - started_};
  }
  return death_;
}

bool Child::wait(base::Micros timeout) {
  const auto until = base::monotonic_now() + timeout;
  while (!death()) {
    const auto left = std::chrono::ceil<base::Millis>(until - base::monotonic_now());
    if (left.count() <= 0) return false;
    pollfd item{fd_, POLLIN, 0};
    ::poll(&item, 1, static_cast<int>(left.count()));
  }
  return true;
}

std::string program_folder() {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path().string();
}

}  // namespace lifesign::cli
