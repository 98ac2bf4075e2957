// Courier: requests of one kind (registrations, goodbyes) that must be recorded: one message in flight, sent again
// until it is, taken apart when it is refused. Pure: no socket, and time is an argument.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/time.h"
#include "wire/ingest.h"

namespace lifesign::sdk {

class Courier {
 public:
  using Micros = base::Micros;

  explicit Courier(Micros reply_timeout) : reply_timeout_(reply_timeout) {}

  void add(std::uint64_t key, std::string packed);
  // These need not be sent any more. One that is in flight is not called back, but it is not sent again either.
  void withdraw(const std::unordered_set<std::uint64_t>& keys);
  std::size_t size() const { return waiting_.size() + flight_.size(); }

  void disconnected();
  // The body of the next message; then sent() or not_sent() must be called.
  std::optional<std::string> next(std::uint64_t corr, Micros now);
  void not_sent();

  struct Outcome {
    enum class What { unknown, taken, later, refused } what = What::unknown;
    std::vector<std::uint64_t> keys;  // taken or refused, in the order of the message's items; they are gone
  };
  Outcome on_reply(const wire::Reply& reply, Micros now);
  void on_time(Micros now);
  Micros wake_at(Micros now) const;

 private:
  struct Item {
    std::uint64_t key;
    std::string packed;
    bool alone = false;
    bool withdrawn = false;  // while in flight
  };
  void put_back();

  const Micros reply_timeout_;
  std::deque<Item> waiting_;
  std::vector<Item> flight_;
  std::uint64_t corr_ = 0;
  Micros sent_at_{0};
  Micros not_before_{0};
  unsigned failures_ = 0;
};

}  // namespace lifesign::sdk
