// Gate: how many connections the sockets of one process hold, and who has to go.
//
// ZeroMQ takes whoever comes. Two things it does not bound, and a Gate does:
// - connections: at the process's limit of open files accept() fails, ZeroMQ's I/O thread tries again without end, and
//   the process can't open a file of its own. A connection over `most` is shut down as soon as it is told of.
// - a message whose frames never end: it counts for no high-water mark, so all of it stays in memory. When the process
//   has grown, whoever sent much and completed no message is shut down.
// A descriptor is told of late, and may be another connection's by then: that one is shut down in its place, and comes
// again like everybody. Connections over ipc are counted, but what they send is not: they are the owner's own. One
// thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/time.h"
#include "net/connection_watch.h"

namespace lifesign::net {

class Gate {
 public:
  explicit Gate(std::size_t most);
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  // How many connections a process with so many open files may hold: what is left is for its own files.
  static std::size_t room(std::uint64_t open_files);
  // Ends a connection; its peer sees it closed.
  static void shut(int fd);

  void opened(int fd);
  void closed(int fd);
  void told(const ConnectionWatch::Event& event) { event.opened ? opened(event.fd) : closed(event.fd); }
  // A whole message came by it, with so many frames more than a request has. Each costs a turn of the loop, so that who
  // sends far too many (limits::frames_past_request) may send no other.
  void delivered(int fd, std::size_t frames_dropped = 0);
  // Once a cycle, when all sockets are being read: shuts down those whose message does not end, and gives memory back
  // when a crowd has left. `now` is monotonic.
  void look(base::Micros now);

  std::size_t size() const { return size_; }
  std::size_t most() const { return most_; }
  std::uint64_t refused() const { return refused_; }    // over the bound
  std::uint64_t unending() const { return unending_; }  // shut down by look() and delivered()

 private:
  struct Peer {
    unsigned open = 0;  // twice for a moment when the end of an earlier connection, on another socket, is told late
    bool delivered = false;   // since the last look at it
    std::uint64_t bytes = 0;  // that it had sent when it was last seen to deliver
    base::Micros since{0};    // then
  };
  void look_at_all(base::Micros now);
  void tidy(base::Micros now);

  const std::size_t most_;
  int statm_ = -1;
  std::vector<Peer> peers_;           // by descriptor
  std::size_t size_ = 0, crowd_ = 0;  // crowd_: the most that there were since memory was given back
  base::Micros crowded_{0};           // when more than half of these were last there
  std::uint64_t refused_ = 0, unending_ = 0;
  base::Micros looked_{0};
  std::uint64_t resident_ = 0;  // bytes, when all were looked at, or the least since
};

}  // namespace lifesign::net
