// A beat, a goodbye: read, checked and written. Views point into the message that they were read from.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace lifesign::wire {

struct Beat {
  std::string_view agent_id;
  std::uint64_t run = 0;      // 0: none
  std::uint64_t run_seq = 0;  // 0: none
  // Fields; `has_*` tells a field that is there from one that is not, where 0 or "" is a value of its own.
  std::uint64_t interval_ms = 0;  // 0: not said
  std::uint64_t sent_at = 0;      // 0: not said
  bool has_activity = false;
  std::string_view activity;
  bool has_task = false;
  std::string_view task;
  bool has_progress = false;
  std::uint64_t progress = 0;
  std::uint64_t busy_for_ms = 0;  // 0: not said
  std::string_view busy_reason;
  bool has_error_count = false;
  std::uint64_t error_count = 0;
  std::uint64_t age_ms = 0;
  Bytes metrics;  // a packed map; empty: not said

  bool once() const { return run != 0 && run_seq != 0; }  // a repeat of it can be told
};

// Reads one beat and checks every bound. On error the reader is not usable any more.
base::Status read_beat(Reader& reader, Beat& out);
void write_beat(Writer& writer, const Beat& beat);
// The optional fields that are set, as pairs for a map of the caller's: how many, and the pairs.
std::size_t count_fields(const Beat& beat);
void write_fields(Writer& writer, const Beat& beat);

// Walks a body of beats: `for (BeatList list(body); list.next(beat);)`; then check status().
class BeatList {
 public:
  explicit BeatList(Bytes body);
  std::uint32_t size() const { return size_; }
  bool next(Beat& out);
  bool at_end() const { return reader_.at_end(); }
  const base::Status& status() const { return status_; }  // an error names the index

 private:
  Reader reader_;
  std::uint32_t size_ = 0;
  std::uint32_t index_ = 0;
  base::Status status_;
};

// Checks a whole body (kind beats; with backfill each needs age_ms) and counts its beats.
base::Result<std::uint32_t> check_beats(Bytes body, bool backfill);

struct Goodbye {
  std::string_view agent_id;
  std::uint64_t run = 0;
  std::string_view reason;
};
base::Status read_goodbye(Reader& reader, Goodbye& out);
void write_goodbye(Writer& writer, const Goodbye& goodbye);

}  // namespace lifesign::wire
