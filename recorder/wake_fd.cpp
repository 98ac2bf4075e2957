#include "recorder/wake_fd.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/assert.h"

namespace lifesign::recorder {

WakeFd::WakeFd() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  LIFESIGN_ASSERT(fd_ >= 0, "eventfd: {}", std::strerror(errno));
}

WakeFd::~WakeFd() {
  ::close(fd_);
}

void WakeFd::wake() const {
  ::eventfd_write(fd_, 1);
}

void WakeFd::clear() const {
  eventfd_t value = 0;
  ::eventfd_read(fd_, &value);
}

}  // namespace lifesign::recorder
