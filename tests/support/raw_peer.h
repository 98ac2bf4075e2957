// A TCP connection that speaks ZMTP 3.0, or whatever a test wants in its place. Never waits for longer than a test
// would.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace lifesign::tests {

class RawPeer {
 public:
  explicit RawPeer(const std::string& endpoint);  // tcp://127.0.0.1:PORT
  RawPeer(RawPeer&& other) noexcept;
  RawPeer& operator=(RawPeer&&) = delete;
  ~RawPeer();

  // False: the other side has closed, or takes nothing for a while.
  bool send(std::string_view bytes);
  // Greeting and READY of both sides. False: the other side does not do its part.
  bool shake_hands(std::string_view socket_type);
  // The other side closes within `most`; what it sends until then is thrown away.
  bool is_closed_within(std::chrono::seconds most);

  static std::string greeting();
  static std::string ready(std::string_view socket_type, std::string_view routing_id = {});
  static std::string frame(std::string_view body, bool more = false);
  static std::string frame_head(std::uint64_t announced, bool more = false);  // of a long one, without its body

 private:
  int fd_ = -1;
};

}  // namespace lifesign::tests
