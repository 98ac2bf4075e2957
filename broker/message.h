// What came in and what goes out, as plain values: the seam between the sockets and the sequencer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/error.h"
#include "wire/ingest.h"

namespace lifesign::broker {

struct Request {
  std::string_view from;         // routing id
  std::uint32_t connection = 0;  // its number in the log
  std::string_view peer;         // address without port, or empty
  wire::IngestHeader header;
  wire::Bytes body;
  std::size_t frames_dropped = 0;  // that a request does not have
};

// The replies to one connection that are ready together; one message.
struct OutgoingReplies {
  std::string to;         // routing id
  std::string bytes;      // packed, one after another
  std::size_t count = 0;  // of them
};

class Replies {
 public:
  void add(std::string_view to, const wire::Reply& reply);  // behind those that the connection has already
  void clear();

  bool empty() const { return messages_.empty(); }
  auto begin() const { return messages_.begin(); }
  auto end() const { return messages_.end(); }

 private:
  std::vector<OutgoingReplies> messages_;
  std::unordered_map<std::string, std::size_t> open_;  // routing id to the message that takes its next reply
};

struct OutgoingEvent {
  std::string topic;
  std::string map;  // packed
};

// What the sequencer wants sent. The shell empties it after each step.
struct Outbox {
  Replies replies;
  std::vector<OutgoingEvent> events;
};

}  // namespace lifesign::broker
