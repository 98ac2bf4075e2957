// A ROUTER on a port of the system's choice, in a thread of its own: the broker's or the recorder's stand-in. It
// records what comes and answers as the test says; it can go away and come back on the same port.
#pragma once

#include <atomic>
#include <catch2/catch.hpp>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>
#include <zmq.hpp>

#include "net/socket.h"
#include "wire/beat.h"
#include "wire/ingest.h"

namespace lifesign::test {

using Frames = std::vector<std::string>;

class FakeServer {
 public:
  // Called on the server's thread for each message; what it returns is sent back, if anything.
  using Handler = std::function<std::optional<Frames>(const Frames&)>;

  explicit FakeServer(Handler handler) : handler_(std::move(handler)) { start(); }
  ~FakeServer() { stop(); }

  const std::string& endpoint() const { return endpoint_; }

  void start() {
    stop_ = false;
    context_ = zmq::context_t(1);
    socket_ = net::make_socket(context_, net::Use::ingest_server);
    auto bound = net::bind(socket_, endpoint_.empty() ? "tcp://127.0.0.1:*" : endpoint_, "--test");
    for (int i = 0; !bound.ok() && i < 1'000; ++i) {  // the port may linger in the kernel
      std::this_thread::yield();
      bound = net::bind(socket_, endpoint_, "--test");
    }
    REQUIRE(bound.ok());
    endpoint_ = *bound;
    thread_ = std::thread([this] { run(); });
  }

  void stop() {
    if (!thread_.joinable()) return;
    stop_ = true;
    thread_.join();
    socket_.close();
    context_.close();
  }

 private:
  void run() {
    std::vector<zmq::message_t> frames;
    std::size_t overrun = 0;
    while (!stop_) {
      zmq::pollitem_t item{socket_.handle(), 0, ZMQ_POLLIN, 0};
      zmq::poll(&item, 1, std::chrono::milliseconds(10));
      while (net::receive(socket_, frames, 3, overrun)) {
        Frames request;
        for (std::size_t i = 1; i < frames.size(); ++i) request.emplace_back(net::view(frames[i]));
        const auto answer = handler_(request);
        if (!answer) continue;
        std::vector<zmq::message_t> out;
        out.emplace_back(frames[0].data(), frames[0].size());
        for (const std::string& frame : *answer) out.emplace_back(frame.data(), frame.size());
        net::send(socket_, out);
      }
    }
  }

  Handler handler_;
  std::string endpoint_;
  std::atomic<bool> stop_{false};
  zmq::context_t context_;
  zmq::socket_t socket_;
  std::thread thread_;
};

// One request as a broker sees it.
struct Seen {
  wire::Kind kind;
  wire::Ack ack;
  std::uint64_t deadline_ms;
  std::string token;
  std::string body;
  struct Beat {
    std::string id;
    std::uint64_t run, run_seq, age_ms, interval_ms, progress, busy_for_ms;
    std::string activity;
  };
  std::vector<Beat> beats;
};

// Takes everything with `recorded` unless `code` says otherwise.
class FakeBroker {
 public:
  FakeBroker() : server_([this](const Frames& frames) { return handle(frames); }) {}

  const std::string& endpoint() const { return server_.endpoint(); }
  void go_away() { server_.stop(); }
  void come_back() { server_.start(); }

  // Decides each answer: an error code's name, "" for none, "silence" for no answer at all.
  void answer_with(std::function<std::string(const Seen&)> code) {
    const std::lock_guard lock(mutex_);
    code_ = std::move(code);
  }

  // From now on replies go out by twos, in one message.
  void pair_replies() {
    const std::lock_guard lock(mutex_);
    pairs_ = true;
  }

  // Waits until `done` is true of all that was seen, and returns that.
  std::vector<Seen> wait(const std::function<bool(const std::vector<Seen>&)>& done) {
    std::unique_lock lock(mutex_);
    const bool met = changed_.wait_for(lock, std::chrono::seconds(20), [&] { return done(seen_); });
    REQUIRE(met);
    return seen_;
  }

  // All beats seen, in order, of one kind.
  static std::vector<Seen::Beat> beats(const std::vector<Seen>& seen, wire::Kind kind = wire::Kind::beats) {
    std::vector<Seen::Beat> out;
    for (const Seen& s : seen)
      if (s.kind == kind) out.insert(out.end(), s.beats.begin(), s.beats.end());
    return out;
  }

 private:
  std::optional<Frames> handle(const Frames& frames) {
    wire::IngestHeader header;
    if (frames.size() != 2 || !wire::read_ingest_header(frames[0], header).ok()) return std::nullopt;
    Seen seen{header.kind, header.ack, header.deadline_ms, std::string(header.token), frames[1], {}};
    if (header.kind == wire::Kind::beats || header.kind == wire::Kind::backfill) {
      if (!wire::check_beats(frames[1], header.kind == wire::Kind::backfill).ok()) return std::nullopt;
      wire::BeatList list(frames[1]);
      for (wire::Beat beat; list.next(beat);)
        seen.beats.push_back({std::string(beat.agent_id), beat.run, beat.run_seq, beat.age_ms, beat.interval_ms,
                              beat.progress, beat.busy_for_ms, std::string(beat.activity)});
    }
    const std::lock_guard lock(mutex_);
    seen_.push_back(seen);
    changed_.notify_all();
    std::string code = code_ ? code_(seen) : "";
    if (code == "silence" || (code.empty() && header.ack == wire::Ack::none)) return std::nullopt;
    if (code.empty()) code = header.ack == wire::Ack::recorded ? "recorded" : "received";
    wire::Reply reply;
    reply.code = code;
    reply.corr = header.corr;
    if (reply.ok()) {
      reply.first_seq = next_seq_;
      reply.time = base::log_time(1'000'000 + next_seq_);
      next_seq_ += std::max<std::size_t>(1, seen.beats.size());
    } else {
      reply.message = "as the test wants it";
    }
    if (code == "overloaded") reply.retry_after_ms = 10;
    const bool is_second = !held_.empty();
    wire::write_reply(held_, reply);
    if (pairs_ && !is_second) return std::nullopt;
    return Frames{std::exchange(held_, {})};
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Seen> seen_;
  std::function<std::string(const Seen&)> code_;
  std::uint64_t next_seq_ = 100;
  bool pairs_ = false;
  std::string held_;  // a reply that waits for another
  FakeServer server_;
};

// Waits until something that no one tells is true.
inline void until(const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!done()) {
    REQUIRE(std::chrono::steady_clock::now() < end);
    std::this_thread::yield();
  }
}

}  // namespace lifesign::test
