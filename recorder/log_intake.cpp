#include "recorder/log_intake.h"

#include <fmt/format.h>

#include <algorithm>

#include "net/socket.h"

namespace lifesign::recorder {
namespace {

constexpr base::Micros start_every = std::chrono::milliseconds(500);
constexpr base::Micros silence = std::chrono::seconds(3);       // the broker sequences a tick each second
constexpr base::Micros speak_every = std::chrono::seconds(10);  // it ends a session after 30 s without a word
constexpr std::uint64_t least_grant = 256 << 10;                // not a message for every batch
constexpr int messages_per_turn = 64;  // that are of no use: who sends such without end must not hold us up
constexpr std::string_view role = "recorder";

}  // namespace

LogIntake::LogIntake(zmq::context_t& context, Options options, std::uint64_t broker_run, telemetry::Log& log)
    : context_(context), options_(std::move(options)), log_(log), run_(broker_run) {
  open(options_.endpoint());
}

LogIntake::~LogIntake() {
  close();
}

void LogIntake::open(const std::string& endpoint) {
  endpoint_ = endpoint;
  socket_.emplace(net::make_socket(context_, net::Use::log_client));
  // A name of its own each time: the one before may be let go of only later.
  const std::string name = fmt::format("inproc://recorder-log-{}-{}", static_cast<const void*>(this), ++opened_);
  if (zmq_socket_monitor(socket_->handle(), name.c_str(), ZMQ_EVENT_DISCONNECTED) != 0) throw zmq::error_t();
  monitor_.emplace(context_, zmq::socket_type::pair);
  monitor_->set(zmq::sockopt::linger, 0);
  monitor_->connect(name);
  if (const auto status = net::connect(*socket_, endpoint); !status.ok()) log_.error("{}", status.error().message);
}

void LogIntake::close() {
  if (socket_) zmq_socket_monitor(socket_->handle(), nullptr, 0);
  monitor_.reset();
  socket_.reset();
}

void LogIntake::tick(const Progress& progress, base::Micros now) {
  LIFESIGN_ASSERT(progress.durable <= progress.held, "{} on disk, {} held", progress.durable, progress.held);
  std::size_t overrun = 0;
  while (net::receive(*monitor_, frames_, 2, overrun)) {
    if (streaming_) log_.warn("the broker is gone; asking until it is back");
    leave();
  }
  if (streaming_ && outstanding_ > 0 && now - heard_ > silence) {
    log_.warn("the broker said nothing for {} s; starting again", (now - heard_) / std::chrono::seconds(1));
    leave();
  }
  if (!streaming_) return start(progress, now);
  if (told_ < progress.durable && send({.type = wire::LogRequest::Type::recorded, .value = progress.durable}, now)) {
    told_ = progress.durable;
  }
  // What was granted and has not come yet must fit into the queue too.
  const std::uint64_t most = std::min(options_.window, progress.room);
  const std::uint64_t grant = most > outstanding_ ? most - outstanding_ : 0;
  const bool due = grant >= std::min(least_grant, options_.window / 4) || now - spoke_ > speak_every;
  if (due && send({.type = wire::LogRequest::Type::credit, .value = grant}, now)) outstanding_ += grant;
}

// Only when all that is held is on disk: the broker takes what lies below from_seq as recorded.
void LogIntake::start(const Progress& progress, base::Micros now) {
  if (progress.durable != progress.held || (started_.count() != 0 && now - started_ < start_every)) return;
  // A new socket also where the endpoint is the same: what was under way on the old one must not be taken for what
  // comes after `start`.
  if (const std::string endpoint = options_.endpoint(); stale_ || endpoint != endpoint_) {
    close();
    open(endpoint);
    stale_ = false;
  }
  const std::uint64_t credit = std::min(options_.window, progress.room);
  wire::LogRequest request{.value = progress.held + 1, .token = options_.token, .role = role, .credit = credit};
  request.ticks = false;
  request.broker_run = run_;
  request.held_time = progress.held_time;
  if (!send(request, now)) return;
  started_ = now;
  fresh_ = true;
  outstanding_ = credit;
  told_ = progress.held;
}

bool LogIntake::send(const wire::LogRequest& request, base::Micros now) {
  if (!net::send(*socket_, {wire::write_log_request(request)})) return false;
  spoke_ = now;
  return true;
}

void LogIntake::leave() {
  stale_ = stale_ || streaming_;
  streaming_ = false;
  fresh_ = false;
}

void LogIntake::reject(std::string_view why) {
  ++counters_.protocol_errors;
  log_.error("the broker broke the protocol: {}; starting again", why);
  leave();
}

std::optional<LogIntake::Batch> LogIntake::next(std::uint64_t held, base::Micros now) {
  std::size_t overrun = 0;
  for (int i = 0; i < messages_per_turn && net::receive(*socket_, frames_, 2, overrun); ++i) {
    heard_ = now;
    if (frames_.size() == 1) {
      refused(net::view(frames_[0]));
      continue;
    }
    Batch batch;
    if (const auto status = wire::read_batch_header(net::view(frames_[0]), batch.header); overrun || !status.ok()) {
      reject(overrun ? "a batch has more than two frames" : status.error().message);
      continue;
    }
    if (!streaming_ && !fresh_) continue;
    batch.payload = net::view(frames_[1]);
    outstanding_ -= std::min<std::uint64_t>(outstanding_, batch.payload.size());
    if (!streaming_) {
      streaming_ = true;
      ++counters_.sessions;
      log_.info("takes the log of broker run {} at {} from seq {}", batch.header.broker_run, endpoint_, held + 1);
    }
    const bool empty = batch.header.first_seq == batch.header.next_seq;  // loose ticks, or a sign of life
    if (empty || batch.header.next_seq <= held + 1) continue;
    if (!follows(batch.header, held)) continue;
    fresh_ = false;
    run_ = batch.header.broker_run;
    ++counters_.batches;
    counters_.payload_bytes += batch.payload.size();
    return batch;
  }
  return std::nullopt;
}

bool LogIntake::follows(const wire::BatchHeader& header, std::uint64_t held) {
  if (header.broker_run != run_) {
    if (run_ != 0 && header.first_seq <= held) {
      ++counters_.protocol_errors;
      log_.error(
          "broker run {} gave out seqs that run {} gave out before: its state file was lost. What it gave out up to "
          "{} is not recorded",
          header.broker_run, run_, held);
    } else if (run_ != 0) {
      log_.info("broker run {} begins at seq {}, after {}", header.broker_run, header.first_seq, held);
    }
    return true;
  }
  if (header.first_seq <= held + 1) return true;
  if (!fresh_) {
    reject(fmt::format("seqs {} to {} were left out without a word", held + 1, header.first_seq - 1));
    return false;
  }
  ++counters_.log_gaps;
  log_.error("seqs {} to {} are lost: they left the broker's memory before they were taken", held + 1,
             header.first_seq - 1);
  return true;
}

void LogIntake::refused(wire::Bytes frame) {
  wire::LogError error;
  leave();
  if (const auto status = wire::read_log_error(frame, error); !status.ok()) {
    complain(heard_, status.error().message);
    return;
  }
  complain(heard_, fmt::format("{} ({})", error.message, error.code));
}

void LogIntake::complain(base::Micros now, std::string_view what) {
  std::uint64_t held_back = 0;
  if (faults_.allow(now, held_back)) log_.warn("the broker refuses the log: {}; asking again", what);
}

}  // namespace lifesign::recorder
