#include "base/stop_signal.h"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/assert.h"

namespace lifesign::base {

StopSignal::StopSignal() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  fd_ = ::signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
  LIFESIGN_ASSERT(fd_ >= 0, "signalfd: {}", std::strerror(errno));
}

StopSignal::~StopSignal() {
  ::close(fd_);
}

bool StopSignal::raised() {
  signalfd_siginfo info{};
  if (::read(fd_, &info, sizeof info) == sizeof info) raised_ = true;
  return raised_;
}

}  // namespace lifesign::base
