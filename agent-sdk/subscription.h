// Subscription: what Subscriber delivers and what it must fetch, as a pure machine: live messages and the recorder's
// pages in, items and fills out. No socket, no clock.
//
// For each type `last` is the seq up to which everything was delivered or given up. An event whose `prev` is above it,
// or a tick whose `last` is, shows a loss: the span is fetched, and what came live waits meanwhile.
//
//   last 5, event 9 (prev 7):  fill (5, 7], deliver what the recorder has, then 9
//
// A broker restart (broker_run of a tick) may have cost events of the old run that no `prev` names: then, and at the
// beginning with `since`, everything up to the tick's seq is fetched. Between a lost connection and the next tick, and
// from `since` to the first tick, nobody can say whether it is another run, so an event that is the first of its type
// (prev 0) is checked too.
// Single-agent beat topics have no `prev` of their own: their run_seq shows the loss.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <variant>
#include <vector>

#include "lifesign/subscriber.h"

namespace lifesign::sdk {

struct Incoming {
  Event event;
  std::uint64_t prev = 0;
  std::uint64_t run = 0, run_seq = 0;  // of a beat
  std::string key;                     // of a verdict
};
// Empty when the map is no event.
std::optional<Incoming> read_incoming(const Value& map);

struct Tick {
  std::uint64_t seq = 0;
  std::uint64_t recorded = 0;
  std::uint64_t broker_run = 0;
  std::map<std::string, std::uint64_t, std::less<>> last;
};
std::optional<Tick> read_tick(const Value& map);

class Subscription {
 public:
  struct Options {
    std::vector<std::string> types;      // not empty
    std::vector<std::string> agent_ids;  // empty: all
    std::optional<std::uint64_t> since;
    std::size_t held_messages = 10'000;
    std::size_t repeat_window = 65'536;
  };
  explicit Subscription(Options options);

  // The prefixes to subscribe to.
  std::vector<std::string> topics() const;

  // While false, live messages are to be left in the socket.
  bool can_take() const { return held_.size() < options_.held_messages && out_.size() < options_.held_messages; }
  void on_event(Incoming event);
  void on_tick(Tick tick);
  void on_connection_lost() { unsure_ = true; }

  // Events of `types` (and of `agent_id`, if any) in (since, until] are to be fetched.
  struct Fill {
    std::vector<std::string> types;
    std::string agent_id;
    std::uint64_t since = 0;
    std::uint64_t until = 0;
    // Up to where each type counts as seen when nothing could be fetched; in the order of types.
    std::vector<std::uint64_t> published;
  };
  const Fill* fill() const { return fills_.empty() ? nullptr : &fills_.front(); }
  // One page of the answer to fill(). `next`: the since of the following page. Returns true if the fill is done or has
  // moved on; false: the recorder has not got that far yet, so ask again a little later.
  bool on_page(std::vector<Incoming> events, std::optional<std::uint64_t> next, std::uint64_t recorded);
  // It cannot be had: becomes a Gap.
  void on_fill_failed(Error reason);

  bool has_items() const { return !out_.empty(); }
  Item pop();  // the next one, when there is one
  const SubscriberStats& stats() const { return stats_; }
  void count_bad() { ++stats_.bad; }

 private:
  struct Stream {
    bool started = false;
    std::uint64_t last = 0;
    bool published = false;  // in the broker run that we know: then an event that is the first of its run is of another
  };
  struct BeatStream {
    Stream stream;
    std::uint64_t run = 0, run_seq = 0;
  };
  using Held = std::variant<Incoming, Tick>;

  bool process_event(Incoming& event);  // false: it has to wait for a fill
  bool process_beat(Incoming& event);
  void process_tick(const Tick& tick);
  void begin(const Tick& tick);
  void fill_everything(const Tick& tick);
  void want(Fill fill);
  std::uint64_t fill_from(const Stream& stream, std::uint64_t until) const;
  void settle(const Fill& fill, bool filled);
  void go_on();
  void deliver(Incoming event);
  bool is_repeat(const std::string& key);

  const Options options_;
  std::set<std::string> agents_;
  std::map<std::string, Stream, std::less<>> streams_;           // whole types
  std::map<std::string, BeatStream, std::less<>> beat_streams_;  // by agent, of single-agent beat topics
  bool unsure_ = false;                                          // whether a live event is of broker_run_
  std::uint64_t broker_run_ = 0;
  std::uint64_t floor_ = 0;  // where live began: of a type that had not been published then, no more is ours to fetch
  std::deque<Fill> fills_;
  std::deque<Held> held_;
  std::deque<Item> out_;
  std::unordered_set<std::string> keys_;
  std::deque<std::string> key_order_;
  SubscriberStats stats_;
};

}  // namespace lifesign::sdk
