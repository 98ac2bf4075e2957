// The log feed: batches of entries, and the requests of its consumers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "wire/kinds.h"
#include "wire/reader.h"

namespace lifesign::wire {

struct BatchHeader {
  std::uint64_t broker_run = 0;
  std::uint64_t first_seq = 0;
  std::uint64_t next_seq = 0;  // covers [first_seq, next_seq)
  std::uint64_t recorded = 0;
  base::LogTime time{};  // of its last entry
};

base::Status read_batch_header(Bytes frame, BatchHeader& out);
std::string write_batch_header(const BatchHeader& header);

struct Entry {
  Kind kind = Kind::tick;
  std::uint64_t first_seq = 0;
  std::uint32_t count = 0;
  base::LogTime time{};
  std::uint32_t connection = 0;  // 0: the broker itself
  std::string_view peer;         // address without port; empty: none
  Bytes body;
};

void append_entry(std::string& out, const Entry& entry);

// Walks the entries of a batch: `for (EntryList list(payload); list.next(entry);)`; then check status().
class EntryList {
 public:
  explicit EntryList(Bytes payload) : reader_(payload) {}
  bool next(Entry& out);
  const base::Status& status() const { return status_; }

 private:
  Reader reader_;
  base::Status status_;
};

struct LogRequest {
  enum class Type { start, credit, recorded } type = Type::start;
  std::uint64_t value = 0;  // from_seq, bytes or seq
  // With start:
  std::string_view token, role;
  std::uint64_t credit = 1 << 20;
  bool ticks = true;
  // Of a recorder: whose seqs it holds below from_seq, and the log time there; 0: it holds none.
  std::uint64_t broker_run = 0;
  std::uint64_t held_time = 0;
};

base::Status read_log_request(Bytes frame, LogRequest& out);
std::string write_log_request(const LogRequest& request);

struct LogError {
  std::string_view code;
  std::uint64_t oldest_seq = 0;
  std::uint64_t next_seq = 0;
  std::uint64_t broker_run = 0;
  std::string_view message;
};

base::Status read_log_error(Bytes frame, LogError& out);
std::string write_log_error(const LogError& error);

}  // namespace lifesign::wire
