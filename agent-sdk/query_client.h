// QueryClient: one question at a time to the recorder, without waiting: ask, then poll until it is answered. A fresh
// socket asks again when an attempt gets no answer, since the request may be lost in a connection that is half dead.
// Of one thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <zmq.hpp>

#include "base/time.h"
#include "lifesign/query.h"

namespace lifesign::sdk {

class QueryClient {
 public:
  QueryClient(zmq::context_t& context, std::string endpoint, base::Micros attempt);

  // `params`: a packed map. Forgets an earlier question. `now` and `deadline` are of CLOCK_MONOTONIC.
  void ask(std::string_view method, std::string params, base::Micros now, base::Micros deadline);
  bool asking() const { return asking_; }
  void forget() { asking_ = false; }

  // The answer, once: the result, the recorder's error, or timed_out; nothing while it is still to come.
  std::optional<Result<Value>> poll(base::Micros now);
  // When to poll at the latest, with nothing to be read. To be asked after poll().
  base::Micros wake_at(base::Micros now) const;
  void* handle() { return socket_ ? socket_.handle() : nullptr; }  // changes with each poll()

 private:
  Status open();
  bool send();
  std::optional<Result<Value>> read();

  zmq::context_t& context_;
  const std::string endpoint_;
  const base::Micros attempt_;
  zmq::socket_t socket_;
  std::string method_, params_;
  std::uint64_t corr_ = 0;
  bool asking_ = false;
  bool sent_ = false;
  base::Micros deadline_{0}, attempt_until_{0};
};

// The params of each method, packed.
std::string agents_params(const AgentsRequest& request);
std::string beats_params(const BeatsRequest& request);
std::string events_params(const EventsRequest& request);

}  // namespace lifesign::sdk
