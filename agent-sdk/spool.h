// Spool: the beats that are not acknowledged yet, what to send next, and what an answer means. Pure: no socket, and
// time is an argument (CLOCK_BOOTTIME).
//
//   fresh    to go out as beats: they prove life. What can go at once; of what had to wait, each agent's newest
//   old      to go out as backfill with their age: history only, since a late beat must not pass for a sign of life
//   in flight  sent, no answer yet
//   failed   answered with an error that passes (or never answered): they wait for the retry time. One goes out then
//            as a probe; the first success lets the rest follow. New beats are not held up meanwhile.
//
// Bounded by count and bytes: past a bound the oldest beat is given up and named to the caller.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "lifesign/types.h"
#include "wire/ingest.h"
#include "wire/kinds.h"

namespace lifesign::sdk {

struct SpoolItem {
  std::uint64_t agent = 0;  // a handle
  std::uint64_t run_seq = 0;
  std::string head;  // packed: id, run, run_seq
  std::uint32_t field_count = 0;
  std::string fields;  // packed pairs
  Ack ack = Ack::recorded;
  base::Micros made_at{0};
};

struct SpoolLimits {
  std::size_t items = 1'024;
  std::size_t bytes = 1 << 20;
  base::Micros reply_timeout{7'000'000};  // after this a message counts as lost
  std::size_t messages_in_flight = 64;
  std::size_t message_items = 4'096;
  std::size_t message_bytes = 64 * 1'024;
  std::size_t backfill_items = 256;  // small, so that history never delays a sign of life by much
};

class Spool {
 public:
  using Micros = base::Micros;

  Spool(const SpoolLimits& limits, std::uint64_t seed);

  struct Dropped {
    std::uint64_t order;
    std::uint64_t agent;
    std::uint64_t run_seq;
  };
  // Returns the item's order, a number that never comes again. What had to go is appended to `dropped`.
  std::uint64_t add(SpoolItem item, Micros now, std::vector<Dropped>& dropped);

  void connected();
  void disconnected();

  struct Message {
    wire::Kind kind = wire::Kind::beats;
    Ack ack = Ack::none;
    std::size_t count = 0;
    std::size_t resent = 0;  // of these, how many had been sent before
    std::string body;
  };
  // The next message, if anything may go out now; then sent() or not_sent() must be called with the same corr.
  std::optional<Message> next(std::uint64_t corr, Micros now);
  void sent(std::uint64_t corr);
  void not_sent(std::uint64_t corr);

  struct Outcome {
    enum class What { unknown, taken, later, refused, split } what = What::unknown;
    struct Taken {
      std::uint64_t order;
      std::uint64_t seq;
    };
    std::vector<Taken> taken;
    std::vector<std::uint64_t> refused;  // orders; they are gone
  };
  // unknown: no message of ours has this corr. later: it will be sent again. split: likewise, one by one, to find
  // the one that was refused.
  Outcome on_reply(const wire::Reply& reply, Micros now);
  // Gives up waiting for answers, and lets a probe go when it is time.
  void on_time(Micros now);
  // When on_time() or next() has something to do though nothing else happens; Micros::max(): never. To be asked after
  // next() has had its turn.
  Micros wake_at(Micros now) const;

  void forget(std::uint64_t agent) { newest_.erase(agent); }  // its beats still go out, as backfill

  // Nothing that proves life waits to be sent or answered.
  bool is_settled() const;

  std::size_t size() const { return items_.size(); }
  std::size_t bytes() const { return bytes_; }
  bool is_connected() const { return connected_; }

 private:
  struct Entry {
    SpoolItem item;
    bool sent_before = false;
    bool alone = false;  // was in a refused message: goes by itself
  };
  struct Flight {
    wire::Kind kind;
    Ack ack;
    Micros sent_at;
    std::vector<std::uint64_t> orders;
  };
  bool may_send(Micros now) const;
  bool is_newest(std::uint64_t order, const Entry& entry) const;
  void place(std::uint64_t order);  // into fresh or old
  void fail(const Flight& flight, Micros now);
  void erase(std::uint64_t order);
  Message pack(wire::Kind kind, std::set<std::uint64_t>& from, std::size_t most, std::uint64_t corr, Micros now);
  Micros jittered(Micros time);

  const SpoolLimits limits_;
  std::minstd_rand random_;
  std::map<std::uint64_t, Entry> items_;  // by order: the oldest first
  std::set<std::uint64_t> fresh_, old_, failed_;
  std::unordered_map<std::uint64_t, std::uint64_t> newest_;  // by agent
  std::map<std::uint64_t, Flight> flights_;                  // by corr: the earliest sent first
  std::uint64_t next_order_ = 1;
  std::uint64_t held_below_ = 0;  // an order: what is fresh and below it had to wait
  std::size_t bytes_ = 0;
  bool connected_ = false;
  bool failing_ = false;  // the last answer was an error that passes: no backfill until one succeeds
  bool probe_ = false;    // but one item of it may go now
  unsigned failures_ = 0;
  Micros retry_at_ = Micros::max();
  Micros paused_until_{0};  // the broker asked for it
};

}  // namespace lifesign::sdk
