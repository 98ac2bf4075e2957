#include "query_client.h"

#include <fmt/format.h>

#include <algorithm>

#include "check.h"
#include "convert.h"
#include "net/socket.h"
#include "wire/query.h"
#include "wire/writer.h"

namespace lifesign::sdk {
namespace {

constexpr base::Micros send_retry{5'000};  // while the connection is being made
constexpr int answers_per_poll = 64;       // to other questions: they must not outlast the deadline

std::uint64_t micros(Time time) {
  return static_cast<std::uint64_t>(time.time_since_epoch().count());
}

}  // namespace

QueryClient::QueryClient(zmq::context_t& context, std::string endpoint, base::Micros attempt)
    : context_(context), endpoint_(std::move(endpoint)), attempt_(attempt), corr_(random_bits(48)) {}

Status QueryClient::open() {
  socket_ = net::make_socket(context_, net::Use::query_client);
  socket_.set(zmq::sockopt::linger, 0);
  if (base::Status status = net::connect(socket_, endpoint_); !status.ok()) return to_public(status.error());
  return {};
}

void QueryClient::ask(std::string_view method, std::string params, base::Micros now, base::Micros deadline) {
  method_ = method;
  params_ = std::move(params);
  ++corr_;
  asking_ = true;
  sent_ = false;
  deadline_ = deadline;
  attempt_until_ = now + attempt_;
}

std::optional<Result<Value>> QueryClient::poll(base::Micros now) {
  if (!asking_) return std::nullopt;
  if (!socket_)
    if (Status status = open(); !status.ok()) {
      asking_ = false;
      return status.error();
    }
  if (!sent_) sent_ = net::send(socket_, {wire::write_query_header({method_, corr_}), params_});
  while (auto answer = read()) {
    asking_ = false;
    return answer;
  }
  if (now >= deadline_) {
    asking_ = false;
    socket_ = {};
    return Error{Code::timed_out,
                 fmt::format("no answer to '{}' from the recorder at {} in time; is it running?", method_, endpoint_)};
  }
  if (now >= attempt_until_) {
    socket_ = {};
    ++corr_;
    sent_ = false;
    attempt_until_ = now + attempt_;
  }
  return std::nullopt;
}

// Skips what does not belong to the question: late answers to earlier ones.
std::optional<Result<Value>> QueryClient::read() {
  std::vector<zmq::message_t> frames;
  std::size_t overrun = 0;
  for (int i = 0; i < answers_per_poll && net::receive(socket_, frames, 2, overrun); ++i) {
    wire::QueryHeader header;
    if (base::Status status = wire::read_query_header(net::view(frames[0]), header); !status.ok())
      return to_public(status.error().within("the recorder's answer"));
    if (header.corr != corr_) continue;
    if (frames.size() != 2 || overrun)
      return Error{Code::bad_message, "the recorder's answer does not have two frames"};
    auto result = Value::parse(std::string(net::view(frames[1])));
    if (!result.ok()) return result.error();
    if (header.name == "ok") return result;
    return answered(header.name, (*result)["message"].text_or(""));
  }
  return std::nullopt;
}

base::Micros QueryClient::wake_at(base::Micros now) const {
  if (!asking_) return base::Micros::max();
  const base::Micros at = std::min(deadline_, attempt_until_);
  return sent_ ? at : std::min(at, now + send_retry);
}

namespace {

// Collects pairs and counts them.
class Params {
 public:
  template <class T>
  void add(std::string_view key, const T& value) {
    writer_.field(key, value);
    ++count_;
  }
  wire::Writer& key(std::string_view name) {
    ++count_;
    return writer_.text(name);
  }
  std::string packed() const {
    std::string out;
    wire::Writer(out).map(count_).raw(pairs_);
    return out;
  }

 private:
  std::string pairs_;
  wire::Writer writer_{pairs_};
  std::size_t count_ = 0;
};

void add_page(Params& params, std::size_t limit, const Value& cursor) {
  params.add("limit", std::uint64_t{limit});
  if (cursor.exists() && cursor.type() != Value::Type::nil) params.key("cursor").raw(cursor.packed());
}

}  // namespace

std::string agents_params(const AgentsRequest& request) {
  Params params;
  if (!request.status.empty()) params.add("status", std::string_view(request.status));
  if (!request.labels.empty()) {
    wire::Writer& writer = params.key("labels").map(request.labels.size());
    for (const auto& [key, value] : request.labels) writer.field(key, std::string_view(value));
  }
  if (!request.prefix.empty()) params.add("prefix", std::string_view(request.prefix));
  add_page(params, request.limit, request.cursor);
  return params.packed();
}

std::string beats_params(const BeatsRequest& request) {
  Params params;
  params.add("agent_id", std::string_view(request.agent_id));
  if (request.from) params.add("from", micros(*request.from));
  if (request.to) params.add("to", micros(*request.to));
  add_page(params, request.limit, request.cursor);
  return params.packed();
}

std::string events_params(const EventsRequest& request) {
  Params params;
  params.add("since", request.since);
  if (request.until) params.add("until", *request.until);
  if (!request.types.empty()) {
    wire::Writer& writer = params.key("types").array(request.types.size());
    for (const std::string& type : request.types) writer.text(type);
  }
  if (!request.agent_id.empty()) params.add("agent_id", std::string_view(request.agent_id));
  add_page(params, request.limit, {});
  return params.packed();
}

}  // namespace lifesign::sdk
