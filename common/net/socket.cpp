#include "net/socket.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>

#include "base/assert.h"
#include "net/port_holder.h"
#include "wire/limits.h"

namespace lifesign::net {
namespace {

using base::Code;
using base::Error;

// High-water marks count messages, not bytes, and each connection has its own: what anybody may send to a server, and
// have it send, is bounded in number or in size so that a connection's queues stay within some megabytes.
constexpr int queue_messages = 10'000;
constexpr int ingest_messages = 500;   // as these may be of 1 MiB and come from anybody
constexpr int request_messages = 100;  // to the log feed
// XPUB reads a subscriber's pipe until it finds it empty, so it must not be filled as fast as it is read: with one
// place, what comes waits for what went.
constexpr int subscription_messages = 1;
constexpr int subscription_buffer = 64 * 1024;  // the kernel's: what still comes of a connection that is shut down
constexpr int handshake_ms = 10'000;            // then who connected and does not speak ZMTP is let go of
constexpr int linger_ms = 200;  // long enough to hand a goodbye to the kernel, too short to hang an exit
// A half-open connection is found in some 6 s on either side: clients ping, which shows them that the server's process
// lives too, and servers leave it to TCP's keepalive. ZMTP heartbeats of the server's own, or such that the client asks
// it to expect, would cost it a timer for each connection, and libzmq 4.3.4 walks through all timers to cancel one:
// with 5,000 connections that took most of its time.
constexpr int heartbeat_every_ms = 2'000;
constexpr int heartbeat_timeout_ms = 6'000;
constexpr int keepalive_idle_s = 2;
constexpr int keepalive_every_s = 2;
constexpr int keepalive_probes = 2;
// Also what a peer takes to read nothing while something waits for it: Linux counts a full window as unacknowledged.
constexpr int unacknowledged_most_ms = 6'000;
constexpr int reconnect_first_ms = 50;
constexpr int reconnect_most_ms = 1'000;  // libzmq adds jitter between the two
constexpr int listen_backlog = 4'096;
constexpr std::size_t ipc_path_most = 107;  // sockaddr_un

// By number: a name that begins with 127. may be anybody's.
bool is_loopback(const std::string& endpoint) {
  constexpr std::string_view tcp = "tcp://";
  const auto colon = endpoint.rfind(':');
  if (!endpoint.starts_with(tcp) || colon < tcp.size()) return false;
  const std::string host = endpoint.substr(tcp.size(), colon - tcp.size());
  in_addr address{};
  if (::inet_pton(AF_INET, host.c_str(), &address) == 1) return ntohl(address.s_addr) >> 24 == 127;
  return host == "localhost" || host == "[::1]";
}

// A ROUTER numbers its connections from rand() on, which libzmq does not seed. A peer that knew the next number could
// take it for its routing id, which ZMTP forbids and libzmq 4.3.4 does not check, and the process would be aborted.
void make_numbers_unforeseeable() {
  unsigned seed = 0;
  if (::getrandom(&seed, sizeof seed, 0) == sizeof seed) std::srand(seed);
}

int receive_queue(Use use) {
  switch (use) {
    case Use::ingest_server:
      return ingest_messages;
    case Use::log_server:
      return request_messages;
    case Use::query_server:
      return wire::limits::queries_in_flight;
    case Use::events_server:
      return subscription_messages;
    default:
      return queue_messages;
  }
}

int send_queue(Use use) {
  if (use == Use::query_server) return wire::limits::queries_in_flight;
  // A subscriber's subscriptions leave at once when it connects, and libzmq drops those that do not fit.
  if (use == Use::events_client) return wire::limits::topics_per_subscriber;
  return queue_messages;
}

std::int64_t largest_frame(Use use) {
  switch (use) {
    case Use::log_client:
      return wire::limits::batch_frame_bytes;
    case Use::log_server:
      return wire::limits::log_request_bytes;
    case Use::query_server:
      return wire::limits::query_bytes;
    case Use::events_server:
      return wire::limits::subscription_bytes;
    default:
      return wire::limits::message_bytes;
  }
}

int port_of(const std::string& endpoint) {
  const auto colon = endpoint.rfind(':');
  int port = 0;
  if (colon != std::string::npos) std::from_chars(endpoint.data() + colon + 1, endpoint.data() + endpoint.size(), port);
  return port;
}

bool someone_listens(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  const bool accepted = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return accepted;
}

std::string bind_failure(const std::string& endpoint, std::string_view option, int error) {
  if (error != EADDRINUSE) return fmt::format("cannot bind {}: {}", endpoint, ::zmq_strerror(error));
  const int port = port_of(endpoint);
  const std::string holder = port_holder(port);
  return fmt::format("port {} is taken{}, so {} cannot be used; stop that process, or choose another endpoint with {}",
                     port, holder.empty() ? " by another process" : " by " + holder, endpoint, option);
}

}  // namespace

zmq::socket_t make_socket(zmq::context_t& context, Use use) {
  zmq::socket_type type = zmq::socket_type::dealer;
  const bool server = use == Use::ingest_server || use == Use::log_server || use == Use::query_server;
  if (server) type = zmq::socket_type::router;
  if (use == Use::events_server) type = zmq::socket_type::xpub;
  if (use == Use::events_client) type = zmq::socket_type::sub;

  if (server) make_numbers_unforeseeable();
  zmq::socket_t socket(context, type);
  socket.set(zmq::sockopt::maxmsgsize, largest_frame(use));
  // An answer may be of 1 MiB, and whoever asks need not read.
  socket.set(zmq::sockopt::sndhwm, send_queue(use));
  socket.set(zmq::sockopt::rcvhwm, receive_queue(use));
  socket.set(zmq::sockopt::linger, linger_ms);
  if (server || use == Use::events_server) {
    socket.set(zmq::sockopt::backlog, listen_backlog);
    socket.set(zmq::sockopt::handshake_ivl, handshake_ms);
    socket.set(zmq::sockopt::tcp_keepalive, 1);
    socket.set(zmq::sockopt::tcp_keepalive_idle, keepalive_idle_s);
    socket.set(zmq::sockopt::tcp_keepalive_intvl, keepalive_every_s);
    socket.set(zmq::sockopt::tcp_keepalive_cnt, keepalive_probes);
    // A subscriber may be slow for as long as it likes: what does not fit its queue is dropped, and it sees that.
    if (server) socket.set(zmq::sockopt::tcp_maxrt, unacknowledged_most_ms);
    // With a domain, and nobody who answers for it, libzmq refuses peers that speak ZMTP 1 and 2: it cannot say of
    // their messages which connection they came by, so they could not be bounded, nor told from XPUB itself.
    socket.set(zmq::sockopt::zap_domain, "lifesign");
  } else {
    socket.set(zmq::sockopt::heartbeat_ivl, heartbeat_every_ms);
    socket.set(zmq::sockopt::heartbeat_timeout, heartbeat_timeout_ms);
  }
  if (use == Use::events_server) {
    socket.set(zmq::sockopt::rcvbuf, subscription_buffer);
    socket.set(zmq::sockopt::xpub_verboser, true);  // all subscriptions, so that they can be bounded
  }
  if (server) socket.set(zmq::sockopt::router_mandatory, true);
  if (type == zmq::socket_type::dealer || type == zmq::socket_type::sub) {
    socket.set(zmq::sockopt::reconnect_ivl, reconnect_first_ms);
    socket.set(zmq::sockopt::reconnect_ivl_max, reconnect_most_ms);
  }
  // Otherwise a DEALER queues old beats while it is cut off and delivers them later as if they were new.
  if (type == zmq::socket_type::dealer) socket.set(zmq::sockopt::immediate, true);
  return socket;
}

bool is_local(const std::string& endpoint) {
  return is_loopback(endpoint) || endpoint.starts_with("ipc://") || endpoint.starts_with("inproc://");
}

base::Result<std::string> bind(zmq::socket_t& socket, const std::string& endpoint, std::string_view option) {
  const bool ipc = endpoint.starts_with("ipc://");
  if (!is_local(endpoint))
    return Error{
        Code::invalid_config,
        fmt::format("{} is refused for {}: until connections are encrypted and authenticated by keys, Lifesign "
                    "binds to loopback (tcp://127.0.0.1:PORT) or ipc only, since anyone who reaches the port "
                    "could speak for any agent",
                    endpoint, option)};
  if (ipc && endpoint.size() - 6 > ipc_path_most)
    return Error{Code::invalid_config,
                 fmt::format("{} is too long for {}: the path of an ipc endpoint has at most {} bytes", endpoint,
                             option, ipc_path_most)};
  if (ipc && someone_listens(endpoint.substr(6)))
    return Error{Code::busy,
                 fmt::format("another process listens on {} already, and ZeroMQ would take it over in silence; "
                             "stop that process, or choose another endpoint with {}",
                             endpoint, option)};
  try {
    socket.bind(endpoint);
    if (ipc) ::chmod(endpoint.substr(6).c_str(), 0600);
    return socket.get(zmq::sockopt::last_endpoint);
  } catch (const zmq::error_t& e) {
    const Code code = e.num() == EADDRINUSE ? Code::busy : Code::io_failed;
    return Error{code, bind_failure(endpoint, option, e.num())};
  }
}

base::Status connect(zmq::socket_t& socket, const std::string& endpoint) {
  try {
    socket.connect(endpoint);
    return {};
  } catch (const zmq::error_t& e) {
    return Error{Code::invalid_config,
                 fmt::format("cannot connect to {}: {}; an endpoint reads tcp://127.0.0.1:7400 or "
                             "ipc:///path",
                             endpoint, e.what())};
  }
}

namespace {

// A ROUTER decides at the first frame whether the peer can take the message; what follows then cannot fail. A DEALER
// whose peer goes between the frames takes back the first and says so at the last (libzmq's lb.cpp), so that the next
// message begins afresh; our DEALERs send two frames.
Sent send_frame(zmq::socket_t& socket, zmq::message_t& frame, bool first, bool last) {
  const auto flags = last ? zmq::send_flags::dontwait : zmq::send_flags::dontwait | zmq::send_flags::sndmore;
  try {
    const auto sent = socket.send(frame, flags);
    LIFESIGN_ASSERT(sent.has_value() || first || last, "a message was cut in its midst");
    return sent.has_value() ? Sent::ok : Sent::full;
  } catch (const zmq::error_t& e) {
    if (!first || e.num() != EHOSTUNREACH) throw;
    return Sent::gone;
  }
}

}  // namespace

Sent try_send(zmq::socket_t& socket, std::vector<zmq::message_t>& frames) {
  for (std::size_t i = 0; i < frames.size(); ++i)
    if (const Sent sent = send_frame(socket, frames[i], i == 0, i + 1 == frames.size()); sent != Sent::ok) return sent;
  return Sent::ok;
}

bool send(zmq::socket_t& socket, std::vector<zmq::message_t>& frames) {
  return try_send(socket, frames) == Sent::ok;
}

bool send(zmq::socket_t& socket, std::initializer_list<std::string_view> frames) {
  std::vector<zmq::message_t> messages;
  messages.reserve(frames.size());
  for (const std::string_view bytes : frames) messages.emplace_back(bytes.data(), bytes.size());
  return send(socket, messages);
}

bool receive(zmq::socket_t& socket, std::vector<zmq::message_t>& frames, std::size_t max_frames, std::size_t& overrun) {
  frames.clear();
  overrun = 0;
  zmq::message_t frame;
  if (!socket.recv(frame, zmq::recv_flags::dontwait)) return false;
  for (;;) {
    const bool more = frame.more();
    if (frames.size() < max_frames)
      frames.push_back(std::move(frame));
    else
      ++overrun;
    if (!more) return true;
    frame = zmq::message_t();
    const auto received = socket.recv(frame, zmq::recv_flags::dontwait);
    LIFESIGN_ASSERT(received.has_value(), "ZeroMQ delivers messages whole");
  }
}

}  // namespace lifesign::net
