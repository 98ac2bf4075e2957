// What came in and what goes out, as plain values: the seam between the sockets and the sequencer.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
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
};

struct OutgoingReply {
  std::string to;     // routing id
  std::string bytes;  // packed
};

struct OutgoingEvent {
  std::string topic;
  std::string map;  // packed
};

// What the sequencer wants sent. The shell empties it after each step.
struct Outbox {
  std::vector<OutgoingReply> replies;
  std::vector<OutgoingEvent> events;
};

}  // namespace lifesign::broker
