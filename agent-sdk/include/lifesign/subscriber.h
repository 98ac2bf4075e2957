// Subscriber: events as they happen, with nothing lost in silence.
//
//   Subscriber events({.types = {"agent.timeout", "agent.recovered"}, .since = 4711});
//   while (true) {
//     auto item = events.next(std::chrono::seconds(1));
//     if (!item.ok()) break;                              // an error that waiting does not mend
//     if (!*item) continue;                               // nothing within a second
//     if (auto* event = std::get_if<Event>(&**item)) ...  // else a Gap: what could not be fetched again
//   }
//
// Live events come by publish/subscribe, which drops for a reader that is too slow. Each event names the one before it
// and a tick each second names the last of each type; what is missing is fetched from the recorder before anything
// later is delivered, and what cannot be had is delivered as a Gap. With `since` history comes first, and live follows
// without a seam. Repeats (same seq; same verdict) are removed within a window. Delivered in order of seq within one
// type; across types nearly so.
//
// One thread at a time. Without `since`, live begins with the first message that arrives: within about a second.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lifesign/types.h"
#include "lifesign/value.h"

namespace lifesign {

struct Event {
  std::string type = {};
  std::uint64_t seq = 0;
  Time time{};
  std::string agent_id = {};  // empty: the fleet's
  bool provisional = false;   // published before it was recorded; a crash may unmake it
  Value fields;               // the whole map
};

// Events of these types with seqs in (since, until] may have been missed.
struct Gap {
  std::uint64_t since = 0;
  std::uint64_t until = 0;
  std::vector<std::string> types = {};
  Error reason;
};

using Item = std::variant<Event, Gap>;

struct SubscriberOptions {
  std::string events_endpoint = {};         // empty: LIFESIGN_EVENTS, else tcp://127.0.0.1:7401
  std::string query_endpoint = {};          // empty: LIFESIGN_QUERY, else tcp://127.0.0.1:7403
  std::vector<std::string> types = {};      // empty: every type but heartbeat.received, which must be named
  std::vector<std::string> agent_ids = {};  // empty: all agents, and the fleet's events
  std::optional<std::uint64_t> since = {};  // deliver what came after this seq first (0: all there is)
  Millis fill_timeout{10'000};         // how long one gap may take to fill before it is given up and delivered as a Gap
  std::size_t held_messages = 10'000;  // live messages kept while a gap is filled; more wait in the socket
  std::size_t repeat_window = 65'536;  // verdict keys remembered
};

struct SubscriberStats {
  std::uint64_t delivered = 0;
  std::uint64_t repeats = 0;    // removed
  std::uint64_t gaps = 0;       // seen
  std::uint64_t filled = 0;     // of these
  std::uint64_t fetched = 0;    // events delivered from the recorder
  std::uint64_t bad = 0;        // messages that could not be read
  std::uint64_t last_tick = 0;  // its seq; 0: none yet
  std::uint64_t broker_run = 0;
};

class Subscriber {
 public:
  explicit Subscriber(SubscriberOptions options);
  ~Subscriber();
  Subscriber(Subscriber&&) noexcept;
  Subscriber& operator=(Subscriber&&) noexcept;

  // The next item; nothing when `timeout` passes first. Errors: invalid_config (an endpoint, type or agent id that
  // cannot be used), forked, io_failed. The broker or recorder being away is no error: it is waited for.
  Result<std::optional<Item>> next(Millis timeout);
  SubscriberStats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lifesign
