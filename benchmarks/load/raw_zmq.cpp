#include <fmt/format.h>

#include <atomic>
#include <thread>
#include <vector>
#include <zmq.hpp>

#include "load/raw.h"
#include "net/socket.h"

namespace lifesign::load {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view header = "headers are about so long";  // 25 bytes with a topic's; not decoded
constexpr base::Micros settle = 500ms;                            // until all connections stand and queues are filled
constexpr int burst = 16;  // messages to one connection before it is the next one's turn

class Chain {
 public:
  Chain(std::uint32_t connections, std::size_t body_bytes) : connections_(connections), body_(body_bytes, 'x') {}

  base::Result<RawZmq> measure(base::Micros duration) {
    zmq::context_t relay_context(1);
    zmq::socket_t router = net::make_socket(relay_context, net::Use::ingest_server);
    zmq::socket_t publisher = net::make_socket(relay_context, net::Use::events_server);
    publisher.set(zmq::sockopt::xpub_nodrop, true);  // a full subscriber holds the chain up: nothing is lost
    auto ingest = net::bind(router, "tcp://127.0.0.1:*", "raw");
    auto events = net::bind(publisher, "tcp://127.0.0.1:*", "raw");
    if (!ingest.ok()) return ingest.error();
    if (!events.ok()) return events.error();
    std::thread subscriber([&] { subscribe(*events); });
    std::thread relay([&] { pass_on(router, publisher); });
    std::thread sender([&] { send(*ingest); });
    std::this_thread::sleep_for(settle);
    const std::uint64_t before = received_;
    const base::Micros began = base::monotonic_now();
    std::this_thread::sleep_for(duration);
    const double seconds = std::chrono::duration<double>(base::monotonic_now() - began).count();
    const RawZmq out{static_cast<double>(received_ - before) / seconds};
    stop_ = true;
    for (std::thread* thread : {&sender, &relay, &subscriber}) thread->join();
    return out;
  }

 private:
  void send(const std::string& endpoint) {
    zmq::context_t context(1);
    std::vector<zmq::socket_t> dealers;
    for (std::uint32_t c = 0; c < connections_; ++c) {
      dealers.push_back(net::make_socket(context, net::Use::ingest_client));
      dealers.back().set(zmq::sockopt::linger, 0);
      dealers.back().connect(endpoint);
    }
    while (!stop_) {
      bool moved = false;
      for (zmq::socket_t& dealer : dealers)
        for (int i = 0; i < burst && net::send(dealer, {header, body_}); ++i) moved = true;
      if (!moved) std::this_thread::sleep_for(200us);
    }
  }

  void pass_on(zmq::socket_t& router, zmq::socket_t& publisher) {
    publisher.set(zmq::sockopt::sndtimeo, 100);
    std::vector<zmq::message_t> frames;
    std::size_t overrun = 0;
    while (!stop_) {
      if (!net::receive(router, frames, 3, overrun)) {
        zmq::pollitem_t item{router.handle(), 0, ZMQ_POLLIN, 0};
        zmq::poll(&item, 1, 20ms);
        continue;
      }
      if (frames.size() != 3) continue;
      while (!stop_ && !publisher.send(frames[1], zmq::send_flags::sndmore)) continue;
      if (!stop_) publisher.send(frames[2], zmq::send_flags::none);
    }
  }

  void subscribe(const std::string& endpoint) {
    zmq::context_t context(1);
    zmq::socket_t socket = net::make_socket(context, net::Use::events_client);
    socket.set(zmq::sockopt::subscribe, "");
    socket.connect(endpoint);
    std::vector<zmq::message_t> frames;
    std::size_t overrun = 0;
    std::uint64_t received = 0;
    while (!stop_) {
      if (net::receive(socket, frames, 2, overrun)) {
        received_.store(++received, std::memory_order_relaxed);
        continue;
      }
      zmq::pollitem_t item{socket.handle(), 0, ZMQ_POLLIN, 0};
      zmq::poll(&item, 1, 20ms);
    }
  }

  std::uint32_t connections_;
  std::string body_;
  std::atomic<bool> stop_{false};
  std::atomic<std::uint64_t> received_{0};
};

}  // namespace

base::Result<RawZmq> measure_zmq(std::uint32_t connections, std::size_t body_bytes, base::Micros duration) {
  return Chain(connections, body_bytes).measure(duration);
}

}  // namespace lifesign::load
