#include "watchdog/verdict_outlet.h"

#include "net/socket.h"
#include "wire/ingest.h"
#include "wire/limits.h"
#include "wire/writer.h"

namespace lifesign::watchdog {
namespace {

constexpr std::size_t body_bytes = wire::limits::message_bytes / 4;  // leaves room for the largest verdict
constexpr int replies_per_turn = 1'024;
constexpr base::Micros alone_for = std::chrono::seconds(10);  // several rounds of the outbox

}  // namespace

VerdictOutlet::VerdictOutlet(zmq::context_t& context, Endpoint endpoint, std::string token, telemetry::Log& log)
    : context_(context), endpoint_of_(std::move(endpoint)), token_(std::move(token)), log_(log) {
  open(endpoint_of_());
}

void VerdictOutlet::open(const std::string& endpoint) {
  endpoint_ = endpoint;
  socket_.emplace(net::make_socket(context_, net::Use::ingest_client));
  if (const auto status = net::connect(*socket_, endpoint); !status.ok()) log_.error("{}", status.error().message);
}

void VerdictOutlet::tick(base::Micros now) {
  now_ = now;
  std::size_t overrun = 0;
  for (int i = 0; i < replies_per_turn && net::receive(*socket_, frames_, 1, overrun); ++i) {
    wire::Reply reply;
    for (wire::Bytes rest = net::view(frames_[0]); !rest.empty() && wire::read_reply(rest, reply).ok();) {
      if (reply.ok()) continue;
      ++refused_;
      alone_until_ = now + alone_for;
      std::uint64_t held_back = 0;
      if (faults_.allow(now, held_back))
        log_.error("the broker refuses a message: {} ({}; {} more not shown)", reply.message, reply.code, held_back);
    }
  }
}

bool VerdictOutlet::ready() {
  if ((socket_->get(zmq::sockopt::events) & ZMQ_POLLOUT) != 0) return true;
  // Nobody is there; perhaps the broker came back elsewhere.
  if (const std::string endpoint = endpoint_of_(); endpoint != endpoint_) open(endpoint);
  return false;
}

bool VerdictOutlet::add(std::string_view verdict) {
  const std::size_t most = now_ < alone_until_ ? 1 : wire::limits::items_per_message;
  if (count_ >= most || maps_.size() + verdict.size() > body_bytes) {
    send();
    if (!ready()) return false;
  }
  maps_.append(verdict);
  ++count_;
  return true;
}

void VerdictOutlet::send() {
  if (count_ == 0) return;
  std::string body;
  wire::Writer(body).array(count_).raw(maps_);
  post(wire::Kind::verdicts, body);
  maps_.clear();
  count_ = 0;
}

void VerdictOutlet::report(const Counts& counts) {
  std::string body;
  wire::Writer writer(body);
  writer.map(2).field("service", std::string_view("watchdog")).text("counters").map(counts.size());
  for (const auto& [name, value] : counts) writer.field(name, value);
  post(wire::Kind::report, body);
}

bool VerdictOutlet::post(wire::Kind kind, std::string_view body) {
  wire::IngestHeader header;
  header.kind = kind;
  header.corr = ++corr_;
  header.token = token_;
  return net::send(*socket_, {wire::write_ingest_header(header), body});
}

}  // namespace lifesign::watchdog
