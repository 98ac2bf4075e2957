#include "support/raw_peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <utility>

namespace lifesign::tests {
namespace {

constexpr int patience_ms = 3'000;

std::string big_endian(std::uint64_t value, int bytes) {
  std::string out;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
  return out;
}

std::string property(std::string_view name, std::string_view value) {
  return big_endian(name.size(), 1).append(name).append(big_endian(value.size(), 4)).append(value);
}

}  // namespace

RawPeer::RawPeer(const std::string& endpoint) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1))));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd_ < 0 || ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(fd_);
    throw std::runtime_error("cannot connect to " + endpoint);
  }
}

RawPeer::RawPeer(RawPeer&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

RawPeer::~RawPeer() {
  if (fd_ >= 0) ::close(fd_);
}

bool RawPeer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    pollfd item{fd_, POLLOUT, 0};
    if (::poll(&item, 1, patience_ms) <= 0) return false;
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) return false;
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool RawPeer::shake_hands(std::string_view socket_type) {
  if (!send(greeting() + ready(socket_type))) return false;
  // What comes is the greeting of 64 bytes, then a command of one byte for its flags and one for its size.
  std::string come;
  const auto whole = [&] { return come.size() >= 66 && come.size() - 66 >= static_cast<unsigned char>(come[65]); };
  while (!whole()) {
    std::array<char, 256> buffer{};
    pollfd item{fd_, POLLIN, 0};
    if (::poll(&item, 1, patience_ms) <= 0) return false;
    const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got <= 0) return false;
    come.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return true;
}

bool RawPeer::is_closed_within(std::chrono::seconds most) {
  const auto until = std::chrono::steady_clock::now() + most;
  std::array<char, 4096> buffer{};
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    pollfd item{fd_, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&item, 1, static_cast<int>(left.count())) <= 0) return false;
    if (::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT) <= 0) return true;
  }
}

std::string RawPeer::greeting() {
  std::string out("\xFF\0\0\0\0\0\0\0\1\x7F\3\0NULL", 16);
  out.resize(64);
  return out;
}

std::string RawPeer::ready(std::string_view socket_type, std::string_view routing_id) {
  std::string body("\5READY");
  body += property("Socket-Type", socket_type) + property("Identity", routing_id);
  return std::string("\4").append(big_endian(body.size(), 1)).append(body);
}

std::string RawPeer::frame(std::string_view body, bool more) {
  if (body.size() > 255) return frame_head(body.size(), more).append(body);
  return std::string(1, more ? '\1' : '\0').append(big_endian(body.size(), 1)).append(body);
}

std::string RawPeer::frame_head(std::uint64_t announced, bool more) {
  return std::string(1, more ? '\3' : '\2').append(big_endian(announced, 8));
}

}  // namespace lifesign::tests
