#include "support/mortal.h"

#include "net/socket.h"
#include "wire/beat.h"
#include "wire/ingest.h"

namespace lifesign::tests {

using std::chrono::milliseconds;

Mortal::Mortal(std::string id, std::string endpoint, std::uint64_t seed)
    : id_(std::move(id)), endpoint_(std::move(endpoint)), random_(seed), run_(random_() | 1) {
  thread_ = std::thread([this] { work(); });
}

void Mortal::finish() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

bool Mortal::passes(milliseconds span) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, span, [this] { return stop_; });
}

void Mortal::work() {
  zmq::context_t context;
  zmq::socket_t socket = net::make_socket(context, net::Use::ingest_client);
  if (!net::connect(socket, endpoint_).ok()) return;
  for (;;) {
    for (std::uint64_t beats = 5 + random_() % 15; beats > 0; --beats) {
      beat(socket);
      if (!passes(milliseconds(100))) return;
    }
    if (!passes(milliseconds(timeout_ms / 2 + random_() % (5 * timeout_ms)))) return;
    if (random_() % 2 == 0) {
      run_ = random_() | 1;
      run_seq_ = 0;
    }
  }
}

void Mortal::beat(zmq::socket_t& socket) {
  wire::Beat beat;
  beat.agent_id = id_;
  beat.run = run_;
  beat.run_seq = run_seq_ + 1;
  beat.interval_ms = interval_ms;
  std::string body;
  wire::Writer writer(body);
  writer.array(1);
  wire::write_beat(writer, beat);
  const std::string header = wire::write_ingest_header({wire::Kind::beats, beat.run_seq, wire::Ack::none, {}, {}});
  if (net::send(socket, {header, body})) ++run_seq_;
}

}  // namespace lifesign::tests
