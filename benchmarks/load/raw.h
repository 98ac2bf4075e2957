// What this machine can do at all, with nothing of Lifesign in it: the least that ZeroMQ and LMDB need for the same
// messages. Every figure of a run can then be given as a ratio, which travels between machines better than the figure.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "base/time.h"
#include "load/options.h"

namespace lifesign::load {

struct RawZmq {
  double messages_per_s = 0;
};
// `connections` DEALERs -> ROUTER -> PUB -> SUB over TCP on loopback: each message (a header and `body_bytes`) is read,
// published and read again; no answers, nothing is decoded. One thread and one I/O thread for each of the three ends.
base::Result<RawZmq> measure_zmq(std::uint32_t connections, std::size_t body_bytes, base::Micros duration);

struct RawLmdb {
  double commits_per_s = 0;
  double records_per_s = 0;
};
// Records of `record_bytes` appended in key order, `records_per_commit` in a transaction, an fsync for each commit, in
// a temporary folder inside `folder` (empty: the system's temporary folder).
base::Result<RawLmdb> measure_lmdb(const std::string& folder, std::size_t record_bytes,
                                   std::uint32_t records_per_commit, base::Micros duration);

struct Raw {
  std::size_t message_bytes = 0;
  std::uint32_t batch = 0;
  RawZmq zmq;
  std::uint32_t records_per_commit = 0;  // as many as the windows let wait at once, 4,096 at most
  RawLmdb lmdb, lmdb_single;             // and with a commit for each record
};
base::Result<Raw> measure_raw(const Options& options);

}  // namespace lifesign::load
