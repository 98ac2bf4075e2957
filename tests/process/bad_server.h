// Servers that send nonsense: a ROUTER, and what it says in place of a broker or a recorder.
#pragma once

#include <atomic>
#include <functional>
#include <random>
#include <thread>

#include "net/socket.h"
#include "process/bad_input.h"
#include "wire/log.h"
#include "wire/query.h"

namespace lifesign::tests {

// A ROUTER that answers each request with what `nonsense` makes of it, several messages, and counts them.
class BadServer {
 public:
  using Nonsense = std::function<Frames(std::mt19937_64&, const Frames& request)>;
  explicit BadServer(Nonsense nonsense) : nonsense_(std::move(nonsense)) {
    socket_ = zmq::socket_t(context_, zmq::socket_type::router);
    socket_.set(zmq::sockopt::linger, 0);
    socket_.bind("tcp://127.0.0.1:*");
    thread_ = std::thread([this] { run(); });
  }
  ~BadServer() {
    stop_ = true;
    thread_.join();
  }
  std::string endpoint() { return socket_.get(zmq::sockopt::last_endpoint); }
  std::uint64_t sent() const { return sent_; }

 private:
  void run() {
    while (!stop_) {
      zmq::pollitem_t item{socket_.handle(), 0, ZMQ_POLLIN, 0};
      zmq::poll(&item, 1, std::chrono::milliseconds(10));
      std::vector<zmq::message_t> frames;
      std::size_t overrun = 0;
      for (int i = 0; i < 100 && net::receive(socket_, frames, 4, overrun); ++i) {
        Frames request;
        for (std::size_t f = 1; f < frames.size(); ++f) request.emplace_back(net::view(frames[f]));
        for (int answers = 0; answers < 50; ++answers) answer(frames[0], nonsense_(random_, request));
      }
    }
  }
  void answer(const zmq::message_t& to, const Frames& frames) {
    if (frames.empty()) return;
    std::vector<zmq::message_t> out;
    out.emplace_back(to.data(), to.size());
    for (const std::string& frame : frames) out.emplace_back(frame.data(), frame.size());
    sent_ += net::send(socket_, out);
  }

  Nonsense nonsense_;
  std::mt19937_64 random_{20261125};
  zmq::context_t context_;
  zmq::socket_t socket_;
  std::atomic<bool> stop_ = false;
  std::atomic<std::uint64_t> sent_ = 0;
  std::thread thread_;
};

inline std::uint64_t odd(std::mt19937_64& random, std::uint64_t usual) {
  const std::uint64_t odds[] = {0, 1, usual + 1, 1ull << 32, 1ull << 62, 1ull << 63, ~0ull, ~0ull - 1};
  return random() % 3 != 0 ? usual : odds[random() % std::size(odds)];
}

// Batches that are right but for a field here and there, and then damaged as bytes.
inline Frames batch(std::mt19937_64& random, std::uint64_t from) {
  std::string entries;
  std::uint64_t seq = from;
  for (std::size_t n = random() % 5; n > 0; --n) {
    const bool beats = random() % 2 == 0;
    const std::string body = beats ? beat_of("x") : "\x90";
    wire::append_entry(entries, {beats ? wire::Kind::beats : wire::Kind::tick,
                                 odd(random, seq),
                                 static_cast<std::uint32_t>(random() % 8 == 0 ? odd(random, 1) % 1'000'000 : 1),
                                 base::log_time(odd(random, 1'700'000'000'000'000)),
                                 0,
                                 {},
                                 random() % 8 == 0 ? std::string_view("\xC1") : std::string_view(body)});
    ++seq;
  }
  const std::string header = wire::write_batch_header(
      {odd(random, 1), odd(random, from), odd(random, seq), odd(random, from), base::log_time(odd(random, 1))});
  if (random() % 2 == 0) return {header, entries};
  if (random() % 8 == 0) return {header, entries, entries};
  return {damaged(random, header), damaged(random, entries)};
}

inline Frames log_nonsense(std::mt19937_64& random, const Frames& request) {
  wire::LogRequest read;
  const bool start = request.size() == 1 && wire::read_log_request(request[0], read).ok() && read.value < 1'000'000;
  if (random() % 10 == 0)
    return {damaged(random, wire::write_log_error({"too_old", odd(random, 5), odd(random, 9), 1, "no"}))};
  return batch(random, start && read.type == wire::LogRequest::Type::start ? read.value : random() % 100 + 1);
}

inline Frames reply_nonsense(std::mt19937_64& random, const Frames& request) {
  wire::IngestHeader header;
  if (!request.empty()) (void)wire::read_ingest_header(request[0], header);
  std::string reply;
  const char* codes[] = {"recorded", "received", "overloaded", "no_such_code", "\xFF"};
  wire::write_reply(reply, {.code = codes[random() % 5],
                            .corr = odd(random, header.corr),
                            .first_seq = odd(random, 9),
                            .time = base::log_time(odd(random, 1)),
                            .message = "no",
                            .retry_after_ms = odd(random, 1)});
  return random() % 2 == 0 ? Frames{reply} : Frames{damaged(random, reply), "x"};
}

inline Frames answer_nonsense(std::mt19937_64& random, const Frames& request) {
  wire::QueryHeader header;
  if (!request.empty()) (void)wire::read_query_header(request[0], header);
  const std::string head = wire::write_query_header({random() % 4 == 0 ? "not_found" : "ok", odd(random, header.corr)});
  const std::string body = pack([&](wire::Writer& w) {
    w.map(4).text("rows").array(0).text("cursor").nil().text("events").array(1).raw(nested(3)).text("fleet").map(0);
  });
  return random() % 2 == 0 ? Frames{head, damaged(random, body)} : Frames{damaged(random, head), body};
}

}  // namespace lifesign::tests
