// Query: asks the recorder. One thread at a time; each call waits for its answer up to the timeout and asks again on a
// fresh socket when an attempt gets none. Answers are maps as in docs/protocol.md, "Query"; each holds `as_of` and
// `recorded`.
//
// Errors: the recorder's own (not_found, invalid_value, storage_failed ...), timed_out when nobody answered,
// forked in a forked child.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lifesign/types.h"
#include "lifesign/value.h"

namespace lifesign {

struct QueryOptions {
  std::string endpoint = {};  // empty: the environment's LIFESIGN_QUERY, else tcp://127.0.0.1:7403
  Millis timeout{5'000};      // of a whole call
  Millis attempt{1'500};      // after this a fresh socket asks again
};

struct AgentsRequest {
  std::string status = {};                         // empty: any
  std::map<std::string, std::string> labels = {};  // all must match
  std::string prefix = {};                         // of the id
  std::size_t limit = 100;                         // at most 1,000
  Value cursor = {};                               // absent: the first page; else the answer's `cursor` as it came
};

struct BeatsRequest {
  std::string agent_id = {};
  std::optional<Time> from = {}, to = {};
  std::size_t limit = 100;
  Value cursor = {};
};

struct EventsRequest {
  std::uint64_t since = 0;                  // exclusive
  std::optional<std::uint64_t> until = {};  // inclusive
  std::vector<std::string> types = {};      // empty: all but heartbeat.received
  std::string agent_id = {};                // empty: all
  std::size_t limit = 100;
};

class Query {
 public:
  explicit Query(QueryOptions options = {});
  ~Query();
  Query(Query&&) noexcept;
  Query& operator=(Query&&) noexcept;

  Result<Value> agent(const std::string& agent_id);    // the agent's map itself; not_found
  Result<Value> agents(const AgentsRequest& request);  // {agents, cursor, ...}; cursor nil: that was the last page
  Result<Value> beats(const BeatsRequest& request);    // {beats, cursor, ...}
  Result<Value> events(const EventsRequest& request);  // {events, next, ...}; next nil: that was the last page
  Result<Value> totals();
  Result<Value> status();  // the recorder's counters

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lifesign
