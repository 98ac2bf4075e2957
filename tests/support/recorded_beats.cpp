#include "support/recorded_beats.h"

#include <optional>
#include <vector>

#include "net/socket.h"
#include "wire/beat.h"
#include "wire/ingest.h"

namespace lifesign::tests {
namespace {

using namespace std::chrono_literals;

void poll(zmq::socket_t& socket, short events, std::chrono::milliseconds most) {
  zmq::pollitem_t item{socket.handle(), 0, events, 0};
  zmq::poll(&item, 1, most);
}

}  // namespace

RecordedBeats::RecordedBeats(std::string id, std::string endpoint)
    : id_(std::move(id)), endpoint_(std::move(endpoint)) {
  thread_ = std::thread([this] { work(); });
}

void RecordedBeats::finish() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

void RecordedBeats::work() {
  zmq::context_t context;
  std::optional<zmq::socket_t> socket;
  std::uint64_t corr = 0;
  while (!stop_) {
    if (!socket) {
      socket.emplace(net::make_socket(context, net::Use::ingest_client));
      if (!net::connect(*socket, endpoint_).ok()) return;
    }
    wire::Beat beat;
    beat.agent_id = id_;
    beat.run = 4711;
    beat.run_seq = recorded_ + 1;
    beat.interval_ms = 5000;
    std::string body;
    wire::Writer writer(body);
    writer.array(1);
    wire::write_beat(writer, beat);
    const std::string header = wire::write_ingest_header({wire::Kind::beats, ++corr, wire::Ack::recorded, 1000, {}});
    if (!net::send(*socket, {header, body})) {
      poll(*socket, ZMQ_POLLOUT, 50ms);
      continue;
    }
    if (answered(*socket, corr))
      ++recorded_;
    else
      socket.reset();  // an answer that comes too late must not be taken for the next one's
  }
}

bool RecordedBeats::answered(zmq::socket_t& socket, std::uint64_t corr) {
  std::vector<zmq::message_t> frames;
  std::size_t overrun = 0;
  for (const auto until = std::chrono::steady_clock::now() + 1s; std::chrono::steady_clock::now() < until;) {
    if (!net::receive(socket, frames, 1, overrun)) {
      poll(socket, ZMQ_POLLIN, 20ms);
      continue;
    }
    wire::Reply reply;
    for (wire::Bytes rest = net::view(frames[0]); !rest.empty() && wire::read_reply(rest, reply).ok();)
      if (reply.corr == corr) return reply.code == "recorded";
  }
  return false;
}

}  // namespace lifesign::tests
