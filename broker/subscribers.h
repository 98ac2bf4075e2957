// Subscribers: who subscribed to which topics on the events socket, and whether that is still within bounds.
//
// XPUB keeps every topic that anybody subscribes to, for as long as the connection lives, and has no bound. It tells
// (in its verbose mode) of each subscription and each end of one by its connection; and of each topic that a closed
// connection had, but not which connection that was. So the ledger counts holders of each topic, and holds what each
// connection said, which also unmasks an end of what was never begun: such an end would silence others.
// Pure; one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace lifesign::broker {

class Subscribers {
 public:
  static constexpr std::size_t few = 32;  // every type there is: so many are never too many

  Subscribers(std::size_t most_each, std::size_t most_all) : most_each_(most_each), most_all_(most_all) {}

  // A connection is known by an address that stays its own as long as `pin` lives.
  bool knows(const void* connection) const { return peers_.contains(connection); }
  // An older connection on the same descriptor is over.
  void add(const void* connection, int fd, std::shared_ptr<void> pin);

  enum class Edge : std::uint8_t { none, first, last };  // holder of its topic
  // Of a known connection. What it says beyond the bounds is counted all the same, since XPUB has it already.
  Edge said(const void* connection, bool subscribe, std::string_view topic);
  // A connection that closed had this topic.
  Edge left(std::string_view topic);
  // It holds more than one may, or more than a few while all hold too many: it should be closed.
  bool over(const void* connection) const;
  // To be closed, for whatever reason. True the first time: what it still says brings no more.
  bool cut(const void* connection) { return !std::exchange(peers_.at(connection).cut, true); }

  // The descriptor's connection closed. It is forgotten when drained() was called twice since: what it said before
  // may still be on its way.
  void closed(int fd);
  // Nothing waits to be read.
  void drained();

  std::size_t size() const { return held_; }  // topics, each as often as it is held

 private:
  struct Peer {
    int fd = -1;
    std::shared_ptr<void> pin;
    std::unordered_set<std::string> topics;
    unsigned drained_since_closed = 0;
    bool closed = false, cut = false;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  const std::size_t most_each_, most_all_;
  std::unordered_map<const void*, Peer> peers_;
  std::unordered_map<int, const void*> by_fd_;
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> holders_;
  std::size_t held_ = 0;
  bool any_closed_ = false;
};

}  // namespace lifesign::broker
