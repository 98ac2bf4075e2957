// Who may connect, over real sockets.
#include "net/gate.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdlib>

#include "net/connection_watch.h"
#include "net/socket.h"

using namespace lifesign;
using namespace lifesign::net;
using namespace std::chrono_literals;

namespace {

struct Pair {
  std::array<int, 2> fd{};
  Pair() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, fd.data()) == 0); }
  ~Pair() {
    ::close(fd[0]);
    ::close(fd[1]);
  }
  bool is_shut() const {
    char byte = 0;
    return ::recv(fd[1], &byte, 1, MSG_DONTWAIT) == 0;
  }
};

}  // namespace

TEST_CASE("a connection over the bound is shut down, and room is there again once one has closed", "[net]") {
  Gate gate(1);
  const Pair first, second, third;
  gate.opened(first.fd[0]);
  CHECK_FALSE(first.is_shut());
  gate.opened(second.fd[0]);
  CHECK(second.is_shut());
  CHECK(gate.refused() == 1);
  gate.closed(second.fd[0]);
  gate.closed(first.fd[0]);
  CHECK(gate.size() == 0);
  gate.opened(third.fd[0]);
  CHECK_FALSE(third.is_shut());
}

TEST_CASE("an end that is told after its descriptor was taken again leaves the new connection counted", "[net]") {
  Gate gate(10);
  gate.opened(7);
  gate.opened(7);  // on another socket, which is read first
  gate.closed(7);
  CHECK(gate.size() == 1);
  gate.closed(7);
  gate.closed(7);
  gate.closed(8);
  gate.closed(-1);
  CHECK(gate.size() == 0);
}

TEST_CASE("most descriptors are for connections, and some are kept for the process's own files", "[net]") {
  CHECK(Gate::room(1'048'576) == 1'048'576 - 512);
  CHECK(Gate::room(1024) == 1024 - 128);
  CHECK(Gate::room(256) == 224);
  CHECK(Gate::room(0) == 1);
}

TEST_CASE("the numbers of connections are not those that a bare rand() gives", "[net]") {
  std::srand(1);
  const auto foreseeable = static_cast<std::uint32_t>(std::rand());
  std::srand(1);
  zmq::context_t context;
  auto server = make_socket(context, Use::ingest_server);
  server.set(zmq::sockopt::rcvtimeo, 20'000);
  const auto endpoint = net::bind(server, "tcp://127.0.0.1:*", "--ingest");
  REQUIRE(endpoint.ok());
  auto client = make_socket(context, Use::ingest_client);
  client.set(zmq::sockopt::sndtimeo, 20'000);
  REQUIRE(net::connect(client, *endpoint).ok());
  REQUIRE(client.send(zmq::str_buffer("x")).has_value());
  zmq::message_t id;
  REQUIRE(server.recv(id).has_value());
  REQUIRE(id.size() == 5);
  std::uint32_t number = 0;
  for (const char c : view(id).substr(1)) number = number << 8 | static_cast<unsigned char>(c);
  CHECK(number != foreseeable);
}

TEST_CASE("a watch tells of connections that come and go", "[net]") {
  zmq::context_t context;
  auto server = make_socket(context, Use::log_server);
  auto watch = ConnectionWatch::of(context, server);
  REQUIRE(watch.ok());
  const auto endpoint = net::bind(server, "tcp://127.0.0.1:*", "--log");
  REQUIRE(endpoint.ok());
  const auto next = [&] {
    zmq::pollitem_t item{watch->socket().handle(), 0, ZMQ_POLLIN, 0};
    zmq::poll(&item, 1, 20s);
    const auto event = watch->next();
    REQUIRE(event);
    return *event;
  };
  auto client = make_socket(context, Use::log_client);
  REQUIRE(net::connect(client, *endpoint).ok());
  const ConnectionWatch::Event came = next();
  CHECK(came.opened);
  client.close();
  const ConnectionWatch::Event went = next();
  CHECK_FALSE(went.opened);
  CHECK(went.fd == came.fd);
}
