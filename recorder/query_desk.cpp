#include "recorder/query_desk.h"

#include <fmt/format.h>

#include <cerrno>

#include "base/text.h"
#include "net/open_files.h"
#include "net/socket.h"
#include "recorder/history_queries.h"
#include "recorder/live_queries.h"
#include "wire/query.h"
#include "wire/writer.h"

namespace lifesign::recorder {
namespace {

constexpr std::size_t frames_of_request = 3;  // the peer's id, header, parameters
constexpr int requests_per_poll = 16;
constexpr std::chrono::milliseconds look_at_least(100);  // at who sends a message without an end

base::Result<std::string> status_result(const Counts& counts, std::uint64_t as_of, std::uint64_t recorded) {
  std::string out;
  wire::Writer writer(out);
  writer.map(3).text("counters").raw(encode_counts(counts)).field("as_of", as_of).field("recorded", recorded);
  return out;
}

}  // namespace

base::Result<std::unique_ptr<QueryDesk>> QueryDesk::bind(zmq::context_t& context, const std::string& endpoint,
                                                         std::string_view option, Sources sources,
                                                         telemetry::Log& log) {
  auto socket = net::make_socket(context, net::Use::query_server);
  auto watch = net::ConnectionWatch::of(context, socket);
  if (!watch.ok()) return watch.error();
  auto bound = net::bind(socket, endpoint, option);
  if (!bound.ok()) return bound.error();
  auto txn = sources.env.begin_read();
  if (!txn.ok()) return txn.error();
  txn->reset();
  return std::unique_ptr<QueryDesk>(new QueryDesk(std::move(socket), std::move(watch).value(), std::move(bound).value(),
                                                  std::move(sources), std::move(txn).value(), log));
}

QueryDesk::QueryDesk(zmq::socket_t socket, net::ConnectionWatch watch, std::string endpoint, Sources sources, Txn txn,
                     telemetry::Log& log)
    : socket_(std::move(socket)),
      watch_(std::move(watch)),
      gate_(net::Gate::room(net::raise_open_files())),
      endpoint_(std::move(endpoint)),
      sources_(std::move(sources)),
      txn_(std::move(txn)),
      log_(log) {}

QueryDesk::~QueryDesk() {
  stop_.wake();
  if (thread_.joinable()) thread_.join();
}

void QueryDesk::start() {
  thread_ = std::thread([this] {
    try {
      run();
    } catch (const zmq::error_t& e) {
      log_.error("the query desk ends: {}", e.what());
    }
  });
}

void QueryDesk::run() {
  zmq::pollitem_t items[] = {{socket_.handle(), 0, ZMQ_POLLIN, 0},
                             {nullptr, stop_.fd(), ZMQ_POLLIN, 0},
                             {watch_.socket().handle(), 0, ZMQ_POLLIN, 0}};
  for (;;) {
    try {
      zmq::poll(items, std::size(items), look_at_least);
    } catch (const zmq::error_t& e) {
      if (e.num() != EINTR) throw;
      continue;
    }
    if ((items[1].revents & ZMQ_POLLIN) != 0) return;
    watch();
    std::size_t overrun = 0;
    for (int i = 0; i < requests_per_poll && net::receive(socket_, frames_, frames_of_request, overrun); ++i) {
      gate_.delivered(::zmq_msg_get(frames_.back().handle(), ZMQ_SRCFD), overrun);
      if (overrun) frames_.resize(1);
      answer_one();
    }
  }
}

void QueryDesk::watch() {
  while (const auto event = watch_.next()) gate_.told(*event);
  gate_.look(base::monotonic_now());
  peers_.store(gate_.size(), std::memory_order_relaxed);
  peers_refused_.store(gate_.refused(), std::memory_order_relaxed);
  peers_unending_.store(gate_.unending(), std::memory_order_relaxed);
}

void QueryDesk::answer_one() {
  queries_.fetch_add(1, std::memory_order_relaxed);
  wire::QueryHeader header;
  base::Result<std::string> result = std::string();
  if (frames_.size() != frames_of_request) {
    result = base::Error{base::Code::bad_message, "a query is two frames, header and parameters"};
    if (frames_.size() > 1) static_cast<void>(wire::read_query_header(net::view(frames_[1]), header));
  } else if (const auto status = wire::read_query_header(net::view(frames_[1]), header); !status.ok()) {
    result = status.error();
  } else {
    result = answer(header.name, net::view(frames_[2]));
  }
  if (result.ok() && result->size() > wire::limits::message_bytes) {
    result = base::Error{base::Code::too_large, "the answer is larger than a message may be; ask for fewer with limit"};
  }
  std::string body, code = "ok";
  if (result.ok()) {
    body = std::move(result).value();
  } else {
    refused_.fetch_add(1, std::memory_order_relaxed);
    code = base::code_name(result.error().code);
    wire::Writer(body).map(1).field("message", std::string_view(result.error().message));
    std::uint64_t held_back = 0;
    if (result.error().code == base::Code::storage_failed && faults_.allow(base::monotonic_now(), held_back)) {
      log_.error("a query failed: {}", result.error().message);
    }
  }
  const std::string answer_header = wire::write_query_header({code, header.corr});
  if (!net::send(socket_, {net::view(frames_[0]), answer_header, body}))
    unsent_.fetch_add(1, std::memory_order_relaxed);
}

template <class Query>
base::Result<std::string> QueryDesk::from_disk(Query query) {
  if (const int rc = txn_.renew(); rc != 0) return storage_error("beginning to read", rc);
  auto result = query(txn_);
  txn_.reset();
  return result;
}

base::Result<std::string> QueryDesk::answer(std::string_view method, wire::Bytes bytes) {
  QueryParams params;
  if (auto status = read_query_params(bytes, params); !status.ok()) return status.error();
  // Read before the state: what is on disk is never past what memory holds.
  const std::uint64_t recorded = sources_.recorded();
  SharedState& state = sources_.state;
  if (method == "agent") return state.with([&](State& s) { return query_agent(s, params, recorded); });
  if (method == "agents") return state.with([&](State& s) { return query_agents(s, params, recorded); });
  if (method == "totals") return state.with([&](State& s) { return query_totals(s, recorded); });
  if (method == "snapshot") return state.with([&](State& s) { return query_snapshot(s, params, recorded); });
  if (method == "beats") return from_disk([&](const Txn& txn) { return query_beats(txn, params); });
  if (method == "events") return from_disk([&](const Txn& txn) { return query_events(txn, params); });
  if (method == "status") {
    const std::uint64_t as_of = state.with([](State& s) { return s.position().seq; });
    return status_result(sources_.counts(), as_of, recorded);
  }
  return base::Error{base::Code::unknown_kind, fmt::format("there is no method {}", base::printable(method))};
}

}  // namespace lifesign::recorder
