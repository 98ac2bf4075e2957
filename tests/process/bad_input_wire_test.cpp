// Below the messages: bytes that are no ZMTP, handshakes that go nowhere, frames and messages without an end.
#include <catch2/catch.hpp>

#include "process/bad_input.h"
#include "support/raw_peer.h"
#include "wire/limits.h"

using namespace lifesign;
using namespace lifesign::tests;
using namespace std::chrono_literals;
namespace limits = wire::limits;

namespace {

constexpr const char* sockets[] = {"ingest", "log", "query", "events"};

// A socket type that fits, and one that does not.
std::string fitting(const std::string& socket) {
  return socket == "events" ? "SUB" : "DEALER";
}
std::string unfitting(const std::string& socket) {
  return socket == "events" ? "DEALER" : "SUB";
}

std::size_t largest_frame(const std::string& socket) {
  if (socket == "ingest") return limits::message_bytes;
  if (socket == "query") return limits::query_bytes;
  return socket == "log" ? limits::log_request_bytes : limits::subscription_bytes;
}

struct Offender {
  std::string what;
  RawPeer peer;
};

}  // namespace

TEST_CASE("who does not speak ZMTP is let go of, on every socket", "[process][bad]") {
  Ordeal ordeal("bad-zmtp");
  std::mt19937_64 random(20261125);
  const std::uint64_t peers = ordeal.of_broker("peers");
  std::vector<Offender> offenders;
  for (const std::string socket : sockets) {
    const std::string endpoint = ordeal.endpoint(socket);
    const auto add = [&](const std::string& what, const std::string& bytes) {
      offenders.push_back({socket + ": " + what, RawPeer(endpoint)});
      offenders.back().peer.send(bytes);
    };
    const auto add_known = [&](const std::string& what, const std::string& bytes) {
      offenders.push_back({socket + ": " + what, RawPeer(endpoint)});
      CHECK(offenders.back().peer.shake_hands(fitting(socket)));
      offenders.back().peer.send(bytes);
    };
    std::string noise(4096, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    add("HTTP", "GET / HTTP/1.1\r\nHost: lifesign\r\n\r\n");
    add("noise", noise);
    add("a long greeting of nothing", std::string(4096, '\0'));
    add("the wrong mechanism", RawPeer::greeting().replace(12, 5, "CURVE"));
    add("a READY that is none", RawPeer::greeting() + std::string("\4\5xxxxx", 7));
    add("a message before the READY", RawPeer::greeting() + RawPeer::frame("x"));
    add("ZMTP 2",
        std::string("\xFF\0\0\0\0\0\0\0\1\x7F\1", 11) + (socket == "events" ? '\2' : '\5') + std::string(2, '\0'));
    add("a socket type that does not fit", RawPeer::greeting() + RawPeer::ready(unfitting(socket)));
    add("a socket type that is none", RawPeer::greeting() + RawPeer::ready("NOTHING"));
    add_known("a frame of 2^63 bytes", RawPeer::frame_head(1ull << 63));
    add_known("a frame over the limit", RawPeer::frame_head(largest_frame(socket) + 1));
    add_known("a command of 2^32 bytes", std::string("\6\0\0\0\1\0\0\0\0", 9));
  }
  for (Offender& offender : offenders) {
    INFO(offender.what);
    CHECK(offender.peer.is_closed_within(15s));
  }
  // A good connection is still to be had.
  for (const std::string socket : sockets) CHECK(RawPeer(ordeal.endpoint(socket)).shake_hands(fitting(socket)));
  CHECK(eventually([&] { return ordeal.of_broker("peers") <= peers; }));
  ordeal.check_unharmed();
}

TEST_CASE("a handshake that does not go on, however slowly it is fed, ends within seconds", "[process][bad]") {
  Ordeal ordeal("bad-slow");
  std::vector<RawPeer> silent, half, fed;
  for (const char* socket : sockets) {
    silent.emplace_back(ordeal.endpoint(socket));
    half.emplace_back(ordeal.endpoint(socket));
    half.back().send(RawPeer::greeting().substr(0, 20));
    fed.emplace_back(ordeal.endpoint(socket));
  }
  const std::string greeting = RawPeer::greeting();
  const auto began = std::chrono::steady_clock::now();
  // A byte each 300 ms would take 19 s for the greeting alone.
  std::vector<bool> open(fed.size(), true);
  for (std::size_t byte = 0; byte < greeting.size(); ++byte) {
    for (std::size_t i = 0; i < fed.size(); ++i)
      if (open[i]) open[i] = fed[i].send(greeting.substr(byte, 1)) && !fed[i].is_closed_within(0s);
    if (std::count(open.begin(), open.end(), true) == 0) break;
    silent.front().is_closed_within(0s);
    std::this_thread::sleep_for(300ms);  // the slowness is the test
  }
  CHECK(std::count(open.begin(), open.end(), true) == 0);
  for (auto* peers : {&silent, &half})
    for (RawPeer& peer : *peers) CHECK(peer.is_closed_within(15s));
  CHECK(std::chrono::steady_clock::now() - began < 18s);
  ordeal.check_unharmed();
}

TEST_CASE("a message of very many frames ends its connection, and one of some too many is answered", "[process][bad]") {
  Ordeal ordeal("bad-frames");
  const auto message = [](std::size_t frames) {
    std::string out;
    for (std::size_t i = 1; i <= frames; ++i) out += RawPeer::frame("", i < frames);
    return out;
  };
  for (const std::string socket : {"ingest", "log", "query"}) {
    INFO(socket);
    RawPeer peer(ordeal.endpoint(socket));
    REQUIRE(peer.shake_hands("DEALER"));
    REQUIRE(peer.send(message(20)));
    CHECK_FALSE(peer.is_closed_within(0s));
    peer.send(message(100'000));
    CHECK(peer.is_closed_within(10s));
  }
  CHECK(ordeal.of_broker("refused") == 2);
  CHECK(ordeal.of_broker("log_requests_refused") == 2);
  CHECK(ordeal.of_broker("peers_unending") == 2);
  CHECK(eventually([&] { return ordeal.of_recorder("peers_unending") == 1; }));
  ordeal.check_unharmed();
}

TEST_CASE("a message that does not end is cut off before it fills the memory", "[process][bad]") {
  Ordeal ordeal("bad-endless");
  for (const std::string socket : sockets) {
    INFO(socket);
    // The largest frames that are allowed, and the smallest, each of which costs more than it carries.
    for (const std::string& frame :
         {RawPeer::frame(std::string(largest_frame(socket), 'x'), true), RawPeer::frame("x", true)}) {
      RawPeer peer(ordeal.endpoint(socket));
      REQUIRE(peer.shake_hands(fitting(socket)));
      std::string many;
      while (many.size() < (64 << 10)) many += frame;
      std::uint64_t sent = 0;
      while (sent < (8ull << 30) && peer.send(many)) sent += many.size();
      INFO(frame.size() << " bytes a frame, " << (sent >> 20) << " MiB sent");
      CHECK(sent < (8ull << 30));
    }
    ordeal.check_unharmed(1ull << 30);
  }
  CHECK(ordeal.of_broker("peers_unending") >= 5);
  CHECK(ordeal.of_recorder("peers_unending") >= 2);
}
