#include "lifesign/query.h"

#include <unistd.h>

#include "check.h"
#include "convert.h"
#include "query_client.h"
#include "wait.h"
#include "wire/writer.h"

namespace lifesign {

struct Query::Impl {
  QueryOptions options;
  int pid = ::getpid();
  zmq::context_t context{1};
  sdk::QueryClient client;

  explicit Impl(QueryOptions given)
      : options(std::move(given)),
        client(context, sdk::endpoint_or_default(options.endpoint, "LIFESIGN_QUERY", 7403), options.attempt) {}

  Result<Value> ask(std::string_view method, std::string params) {
    if (::getpid() != pid) return sdk::forked_error();
    try {
      base::Micros now = base::monotonic_now();
      client.ask(method, std::move(params), now, now + options.timeout);
      while (true) {
        if (auto answer = client.poll(now)) return std::move(*answer);
        zmq::pollitem_t item{client.handle(), 0, ZMQ_POLLIN, 0};
        sdk::wait_on({&item, item.socket == nullptr ? 0u : 1u}, client.wake_at(now) - now);
        now = base::monotonic_now();
      }
    } catch (const zmq::error_t& e) {
      client.forget();
      return Error{Code::io_failed, std::string("asking the recorder: ") + e.what()};
    }
  }
};

Query::Query(QueryOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Query::~Query() {
  if (impl_ && ::getpid() != impl_->pid) (void)impl_.release();  // the parent's sockets
}
Query::Query(Query&&) noexcept = default;
Query& Query::operator=(Query&&) noexcept = default;

Result<Value> Query::agent(const std::string& agent_id) {
  std::string params;
  wire::Writer(params).map(1).field("agent_id", std::string_view(agent_id));
  auto answer = impl_->ask("agent", std::move(params));
  if (!answer.ok()) return answer;
  Value agent = (*answer)["agent"];
  if (agent.type() != Value::Type::map) return Error{Code::bad_message, "the recorder's answer holds no agent"};
  return agent;
}

Result<Value> Query::agents(const AgentsRequest& request) {
  return impl_->ask("agents", sdk::agents_params(request));
}
Result<Value> Query::beats(const BeatsRequest& request) {
  return impl_->ask("beats", sdk::beats_params(request));
}
Result<Value> Query::events(const EventsRequest& request) {
  return impl_->ask("events", sdk::events_params(request));
}
Result<Value> Query::totals() {
  return impl_->ask("totals", "\x80");
}
Result<Value> Query::status() {
  return impl_->ask("status", "\x80");
}

}  // namespace lifesign
