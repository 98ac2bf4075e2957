// Ingest: the request's header and the reply.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "wire/kinds.h"
#include "wire/reader.h"

namespace lifesign::wire {

struct IngestHeader {
  Kind kind = Kind::beats;
  std::uint64_t corr = 0;
  Ack ack = Ack::none;
  std::uint64_t deadline_ms = 0;  // 0: the default
  std::string_view token;         // empty: none
};

// `out.corr` is set as soon as it could be read, so that even an error finds its request.
base::Status read_ingest_header(Bytes frame, IngestHeader& out);
std::string write_ingest_header(const IngestHeader& header);

struct Reply {
  std::string_view code;  // "received", "recorded" or an error code's name
  std::uint64_t corr = 0;
  std::uint64_t first_seq = 0;
  base::LogTime time{};
  std::string_view message;          // detail, when it is a sentence
  std::uint64_t retry_after_ms = 0;  // with overloaded
  Bytes detail;                      // the packed detail, whatever its type

  bool ok() const { return code == "received" || code == "recorded"; }
};

// Reads the reply that `rest` begins with and moves `rest` behind it: a message holds one or several.
base::Status read_reply(Bytes& rest, Reply& out);
// Appends; `detail` is written when it is not empty, else `message`, else nil.
void write_reply(std::string& out, const Reply& reply);

}  // namespace lifesign::wire
