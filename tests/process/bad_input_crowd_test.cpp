// Crowds: ten thousand connections that say nothing, and more than there are descriptors for.
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <iostream>

#include "net/open_files.h"
#include "net/socket.h"
#include "process/bad_input.h"
#include "support/raw_peer.h"

using namespace lifesign;
using namespace lifesign::tests;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t crowd = 10'000;

// As many as this machine lets one process have, and says so when that is less.
std::size_t crowd_size() {
  const std::uint64_t files = net::raise_open_files();
  if (files >= crowd + 1'000) return crowd;
  WARN("the limit of open files is " << files << ": the crowd is smaller than " << crowd);
  return static_cast<std::size_t>(files - files / 8 - 64);
}

std::chrono::milliseconds cpu_of_a_second(Ordeal& ordeal, const Child& process) {
  const auto before = process.cpu_time();
  REQUIRE(ordeal.log_time_passes(1s));
  return process.cpu_time() - before;
}

// One DEALER with many connections, which ZeroMQ keeps alive and on which nothing is ever sent.
class Crowd {
 public:
  Crowd(const std::string& endpoint, std::size_t size) : socket_(context_, zmq::socket_type::dealer) {
    socket_.set(zmq::sockopt::linger, 0);
    // ZeroMQ makes one connection to an endpoint and no more, so each is made from an address of its own.
    const std::string to = endpoint.substr(endpoint.find("//") + 2);
    for (std::size_t i = 0; i < size; ++i)
      socket_.connect("tcp://127.1." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1) + ":0;" + to);
  }

 private:
  zmq::context_t context_;
  zmq::socket_t socket_;
};

}  // namespace

TEST_CASE("ten thousand connections that say nothing cost memory within bounds, and give it back", "[process][bad]") {
  const std::size_t size = crowd_size();
  Ordeal ordeal("crowd");
  Child& broker = ordeal.system().child("broker");
  const std::uint64_t peers = ordeal.of_broker("peers"), bytes = broker.resident_bytes();
  const std::size_t files = broker.open_files();
  for (int wave = 0; wave < 2; ++wave) {
    {
      Crowd dealers(ordeal.endpoint("ingest"), size);
      REQUIRE(eventually([&] { return ordeal.of_broker("peers") >= peers + size; }));
      // Accepted is not greeted yet: that is done when it comes to rest.
      REQUIRE((sanitized || eventually([&] { return cpu_of_a_second(ordeal, broker) < 500ms; })));
      const std::uint64_t each = (broker.resident_bytes() - bytes) / size;
      std::cerr << size << " DEALERs: " << (broker.resident_bytes() >> 20) << " MiB, " << each << " bytes for each, "
                << cpu_of_a_second(ordeal, broker).count() << " ms of CPU in a second\n";
      CHECK((sanitized || each < 40'000));
      ordeal.check_unharmed(512 << 20);
    }
    REQUIRE(eventually([&] { return ordeal.of_broker("peers") <= peers; }));
    CHECK(broker.open_files() <= files + 8);
    CHECK((sanitized || eventually([&] { return broker.resident_bytes() < bytes + (64 << 20); })));
  }
  std::vector<RawPeer> raw;
  for (std::size_t i = 0; i < size; ++i) raw.emplace_back(ordeal.endpoint("ingest"));
  REQUIRE(eventually([&] { return ordeal.of_broker("peers") >= peers + size; }));
  std::cerr << size << " raw connections: " << (broker.resident_bytes() >> 20) << " MiB\n";
  ordeal.check_unharmed(512 << 20);
  // They are let go of when their handshake is overdue.
  REQUIRE(eventually([&] { return ordeal.of_broker("peers") <= peers; }));
  CHECK(broker.open_files() <= files + 8);
  CHECK(ordeal.of_broker("peers_refused") == 0);
  ordeal.check_unharmed();
}

TEST_CASE("more connections than descriptors are refused, and nothing spins or fails for want of one",
          "[process][bad]") {
  constexpr unsigned files = 256;
  Ordeal ordeal("crowded", files);
  for (const std::string name : {"ingest", "events", "log", "query"}) {
    INFO(name);
    Child& server = ordeal.system().child(name == "query" ? "recorder" : "broker");
    const auto refused = [&] {
      return name == "query" ? ordeal.of_recorder("peers_refused") : ordeal.of_broker("peers_refused");
    };
    const std::uint64_t before = refused();
    {
      std::vector<RawPeer> raw;
      for (unsigned i = 0; i < 2 * files; ++i) raw.emplace_back(ordeal.endpoint(name));
      REQUIRE(eventually([&] { return refused() > before + files && server.open_files() < files; }));
      CHECK((sanitized || cpu_of_a_second(ordeal, server) < 700ms));
      ordeal.check_unharmed();
    }
    REQUIRE(eventually([&] { return ordeal.of_broker("peers") < 20 && ordeal.of_recorder("peers") < 20; }));
  }
  CHECK(ordeal.of_broker("state_write_failures") == 0);
  // There is room again.
  Dealer dealer(ordeal.endpoint("ingest"));
  CHECK(ask_ingest(dealer, {ingest_header(wire::Kind::beats), beat_of("late")}).code == "received");
  ordeal.check_unharmed();
}
