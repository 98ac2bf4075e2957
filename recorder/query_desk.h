// Answers queries over a ROUTER socket, on a thread of its own: one request after the other, each of bounded work.
// Bad input costs its sender an error, and nobody else anything.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>
#include <zmq.hpp>

#include "base/error.h"
#include "net/connection_watch.h"
#include "net/gate.h"
#include "recorder/environment_store.h"
#include "recorder/query_params.h"
#include "recorder/report_outlet.h"
#include "recorder/shared_state.h"
#include "recorder/wake_fd.h"
#include "telemetry/log.h"

namespace lifesign::recorder {

class QueryDesk {
 public:
  struct Sources {
    const EnvironmentStore& env;
    SharedState& state;
    std::function<std::uint64_t()> recorded;  // last seq on disk; any thread
    std::function<Counts()> counts;           // for `status`; any thread
  };

  // Binds at once; answers once started. `option` names the setting that moves the endpoint.
  static base::Result<std::unique_ptr<QueryDesk>> bind(zmq::context_t& context, const std::string& endpoint,
                                                       std::string_view option, Sources sources, telemetry::Log& log);
  ~QueryDesk();  // ends the thread

  void start();
  const std::string& endpoint() const { return endpoint_; }
  std::uint64_t queries() const { return queries_.load(std::memory_order_relaxed); }
  std::uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }
  std::uint64_t unsent() const { return unsent_.load(std::memory_order_relaxed); }
  std::uint64_t peers() const { return peers_.load(std::memory_order_relaxed); }  // connections
  std::uint64_t peers_refused() const { return peers_refused_.load(std::memory_order_relaxed); }
  std::uint64_t peers_unending() const { return peers_unending_.load(std::memory_order_relaxed); }

 private:
  QueryDesk(zmq::socket_t socket, net::ConnectionWatch watch, std::string endpoint, Sources sources, Txn txn,
            telemetry::Log& log);

  void run();
  void watch();
  void answer_one();
  base::Result<std::string> answer(std::string_view method, wire::Bytes params);
  template <class Query>
  base::Result<std::string> from_disk(Query query);

  zmq::socket_t socket_;
  net::ConnectionWatch watch_;
  net::Gate gate_;
  const std::string endpoint_;
  Sources sources_;
  Txn txn_;  // reset between requests, so that it pins no pages
  telemetry::Log& log_;
  telemetry::RateLimit faults_;
  std::vector<zmq::message_t> frames_;
  WakeFd stop_;
  std::atomic<std::uint64_t> queries_{0}, refused_{0}, unsent_{0}, peers_{0}, peers_refused_{0}, peers_unending_{0};
  std::thread thread_;  // last: it uses the others
};

}  // namespace lifesign::recorder
