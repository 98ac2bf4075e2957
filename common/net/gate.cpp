#include "net/gate.h"

#include <fcntl.h>
#include <linux/tcp.h>
#include <malloc.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "wire/limits.h"

namespace lifesign::net {
namespace {

constexpr std::size_t own_files_most = 512;  // never more than an eighth of all
constexpr std::size_t own_files_least = 32;
constexpr base::Micros look_every = std::chrono::milliseconds(20);
constexpr std::uint64_t grown_bytes = 32 << 20;      // by so much, and all connections are looked at
constexpr std::uint64_t unfinished_bytes = 4 << 20;  // of one message: twice the largest that is allowed
constexpr std::uint64_t heartbeat_bytes_per_s = 64;  // ten times what ZMTP's pings take,
constexpr std::uint64_t heartbeats_most_s = 3'600;   // of which silence earns no more than an hour's

constexpr std::size_t crowd_least = 1'000;
constexpr base::Micros crowd_gone = std::chrono::seconds(1);  // ZeroMQ takes its time to let go of connections

std::uint64_t received_bytes(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return 0;
  return info.tcpi_bytes_received;
}

std::uint64_t resident_bytes(int statm) {
  std::array<char, 128> text{};
  const ssize_t size = ::pread(statm, text.data(), text.size() - 1, 0);
  if (size <= 0) return 0;
  const char* const end = text.data() + size;
  const char* const space = std::find(static_cast<const char*>(text.data()), end, ' ');
  std::uint64_t pages = 0;
  if (space != end) std::from_chars(space + 1, end, pages);
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

Gate::Gate(std::size_t most) : most_(most), statm_(::open("/proc/self/statm", O_RDONLY | O_CLOEXEC)) {}

Gate::~Gate() {
  if (statm_ >= 0) ::close(statm_);
}

std::size_t Gate::room(std::uint64_t open_files) {
  const auto own = std::clamp<std::uint64_t>(open_files / 8, own_files_least, own_files_most);
  return open_files > own ? static_cast<std::size_t>(open_files - own) : 1;
}

void Gate::shut(int fd) {
  ::shutdown(fd, SHUT_RDWR);
}

void Gate::opened(int fd) {
  if (fd < 0) return;
  const auto at = static_cast<std::size_t>(fd);
  if (peers_.size() <= at) peers_.resize(at + 1);
  ++size_;
  peers_[at] = {peers_[at].open + 1, false, 0, looked_};
  if (size_ <= most_) return;
  ++refused_;
  shut(fd);
}

void Gate::closed(int fd) {
  const auto at = static_cast<std::size_t>(fd);
  if (fd < 0 || at >= peers_.size() || peers_[at].open == 0) return;
  --peers_[at].open;
  --size_;
}

void Gate::delivered(int fd, std::size_t frames_dropped) {
  if (fd < 0) return;
  if (static_cast<std::size_t>(fd) < peers_.size()) peers_[static_cast<std::size_t>(fd)].delivered = true;
  if (frames_dropped <= wire::limits::frames_past_request) return;
  ++unending_;
  shut(fd);
}

void Gate::look(base::Micros now) {
  if (now - looked_ < look_every) return;
  looked_ = now;
  tidy(now);
  const std::uint64_t resident = resident_bytes(statm_);
  if (resident < resident_ + grown_bytes) {
    resident_ = std::min(resident_, resident);
    return;
  }
  resident_ = resident;
  look_at_all(now);
}

// What a crowd of connections took lies scattered over several arenas, and would be kept, and not even used again well.
void Gate::tidy(base::Micros now) {
  crowd_ = std::max(crowd_, size_);
  if (size_ > crowd_ / 2 || crowd_ < crowd_least) {
    crowded_ = now;
  } else if (now - crowded_ > crowd_gone) {
    ::malloc_trim(0);
    crowd_ = size_;
  }
}

void Gate::look_at_all(base::Micros now) {
  for (std::size_t fd = 0; fd < peers_.size(); ++fd) {
    Peer& peer = peers_[fd];
    if (peer.open == 0) continue;
    const std::uint64_t bytes = received_bytes(static_cast<int>(fd));
    if (peer.delivered || bytes < peer.bytes) {
      peer = {peer.open, false, bytes, now};
      continue;
    }
    const auto silent_s = static_cast<std::uint64_t>((now - peer.since) / std::chrono::seconds(1));
    const std::uint64_t seconds = std::min(silent_s, heartbeats_most_s);
    if (bytes - peer.bytes <= unfinished_bytes + seconds * heartbeat_bytes_per_s) continue;
    ++unending_;
    shut(static_cast<int>(fd));
    peer = {peer.open, true, bytes, now};  // once is enough
  }
}

}  // namespace lifesign::net
