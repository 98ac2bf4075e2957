#include "recorder/report_outlet.h"

#include "net/socket.h"
#include "wire/ingest.h"
#include "wire/writer.h"

namespace lifesign::recorder {
namespace {

constexpr base::Micros every = std::chrono::seconds(1);
constexpr int replies_per_turn = 64;

}  // namespace

std::string encode_counts(const Counts& counts) {
  std::string out;
  wire::Writer writer(out);
  writer.map(counts.size());
  for (const auto& [name, value] : counts) writer.field(name, value);
  return out;
}

ReportOutlet::ReportOutlet(zmq::context_t& context, std::function<std::string()> endpoint, std::string token)
    : context_(context), endpoint_of_(std::move(endpoint)), token_(std::move(token)) {
  open(endpoint_of_());
}

void ReportOutlet::open(const std::string& endpoint) {
  endpoint_ = endpoint;
  socket_.emplace(net::make_socket(context_, net::Use::ingest_client));
  // An endpoint that cannot be used was said already by the log intake, which has it from the same place.
  if (!net::connect(*socket_, endpoint).ok()) socket_.reset();
}

void ReportOutlet::send(const Counts& counts, base::Micros now) {
  next_ = now + every;
  if (const std::string endpoint = endpoint_of_(); endpoint != endpoint_) open(endpoint);
  if (!socket_) return;
  std::size_t overrun = 0;
  for (int i = 0; i < replies_per_turn && net::receive(*socket_, frames_, 1, overrun); ++i) {
    // Only refusals come back (ack level none), and the next report is not told otherwise for them.
  }
  std::string body;
  wire::Writer writer(body);
  writer.map(2).field("service", std::string_view("recorder")).text("counters").raw(encode_counts(counts));
  const std::string header = wire::write_ingest_header({.kind = wire::Kind::report, .token = token_});
  net::send(*socket_, {header, body});
}

}  // namespace lifesign::recorder
