#include "watchdog/log_intake.h"

#include <fmt/format.h>

#include "net/socket.h"

namespace lifesign::watchdog {
namespace {

constexpr std::uint64_t window = 8ULL << 20;    // bytes of credit: well above what a cycle takes
constexpr std::uint64_t grant_at = window / 4;  // not a message for every batch
constexpr base::Micros start_every = std::chrono::milliseconds(500);
constexpr base::Micros silence = std::chrono::seconds(3);       // ticks come every few milliseconds
constexpr base::Micros speak_every = std::chrono::seconds(10);  // the broker ends a session after 30 s without a word
constexpr int messages_per_turn = 64;  // that are of no use: who sends such without end must not hold us up
constexpr std::string_view role = "watchdog";

}  // namespace

LogIntake::LogIntake(zmq::context_t& context, Endpoint endpoint, std::string token, telemetry::Log& log)
    : context_(context), endpoint_of_(std::move(endpoint)), token_(std::move(token)), log_(log) {
  open();
}

LogIntake::~LogIntake() {
  close();
}

void LogIntake::open() {
  socket_.emplace(net::make_socket(context_, net::Use::log_client));
  // A name of its own each time: libzmq lets go of the old one only later.
  const std::string name = fmt::format("inproc://watchdog-log-{}-{}", static_cast<const void*>(this), ++opened_);
  zmq_socket_monitor(socket_->handle(), name.c_str(), ZMQ_EVENT_DISCONNECTED);
  monitor_.emplace(context_, zmq::socket_type::pair);
  monitor_->set(zmq::sockopt::linger, 0);
  monitor_->connect(name);
  if (const auto status = net::connect(*socket_, endpoint_of_()); !status.ok())
    log_.error("{}", status.error().message);
  started_ = false;
}

void LogIntake::close() {
  if (socket_) zmq_socket_monitor(socket_->handle(), nullptr, 0);
  monitor_.reset();
  socket_.reset();
}

// A new socket each time: what was under way on the old one must not be taken for an answer to the new `start`. The
// endpoint is looked up again too, since a broker may come back elsewhere.
void LogIntake::restart() {
  close();
  open();
  state_ = State::starting;
}

void LogIntake::follow(std::uint64_t from_seq) {
  lost_.clear();
  from_seq_ = from_seq;
  run_ = 0;
  restart();
}

void LogIntake::stop() {
  state_ = State::idle;
}

void LogIntake::lose(std::string why) {
  lost_ = std::move(why);
  state_ = State::idle;
}

void LogIntake::tick(base::Micros now) {
  std::size_t overrun = 0;
  bool broke = false;
  while (net::receive(*monitor_, frames_, 2, overrun)) broke = true;
  if (state_ == State::idle) return;
  if (state_ == State::streaming) {
    if (broke) log_.warn("the broker is gone; asking until it is back");
    if (!broke && now - heard_ > silence) {
      log_.warn("the broker said nothing for {} s; starting again", (now - heard_) / std::chrono::seconds(1));
      broke = true;
    }
    if (broke) return restart();
    if (used_ >= grant_at || now - spoke_ > speak_every) {
      if (send({.type = wire::LogRequest::Type::credit, .value = used_}, now)) used_ = 0;
    }
    return;
  }
  if (now - tried_ > start_every) {
    tried_ = now;
    restart();  // no answer, or nobody there: perhaps the broker came back elsewhere
  }
  if (!started_) send_start(now);
}

void LogIntake::send_start(base::Micros now) {
  started_ = send({.value = from_seq_, .token = token_, .role = role, .credit = window}, now);
  if (started_) used_ = 0;
}

bool LogIntake::send(const wire::LogRequest& request, base::Micros now) {
  if (!net::send(*socket_, {wire::write_log_request(request)})) return false;
  spoke_ = now;
  return true;
}

std::optional<LogIntake::Batch> LogIntake::next(std::uint64_t next_seq, base::Micros now) {
  std::size_t overrun = 0;
  from_seq_ = next_seq;
  for (int i = 0; i < messages_per_turn && state_ != State::idle && net::receive(*socket_, frames_, 2, overrun); ++i) {
    heard_ = now;
    if (frames_.size() == 1) {
      refused(net::view(frames_[0]), now);
      continue;
    }
    Batch batch;
    if (overrun || !wire::read_batch_header(net::view(frames_[0]), batch.header).ok()) {
      lose("the broker sent what is no batch");
      break;
    }
    batch.payload = net::view(frames_[1]);
    used_ += batch.payload.size();
    if (!accept(batch, next_seq)) break;
    return batch;
  }
  return std::nullopt;
}

bool LogIntake::accept(const Batch& batch, std::uint64_t next_seq) {
  const wire::BatchHeader& h = batch.header;
  if (run_ != 0 && h.broker_run != run_) {
    lose(fmt::format("the broker began run {}", h.broker_run));
    return false;
  }
  if (h.next_seq < next_seq && state_ == State::starting) {
    lose(fmt::format("the snapshot reaches seq {}, the broker only {}; the recorder will make it open a run above",
                     next_seq - 1, h.next_seq - 1));
    return false;
  }
  // Where the broker began a run above the snapshot, another may lie between, that only the recorder has.
  if (h.first_seq > next_seq) {
    lose(fmt::format("seqs {} to {} are missing in the log", next_seq, h.first_seq - 1));
    return false;
  }
  if (state_ == State::starting) log_.info("reads the log of broker run {} from seq {}", h.broker_run, next_seq);
  state_ = State::streaming;
  run_ = h.broker_run;
  return true;
}

void LogIntake::refused(wire::Bytes frame, base::Micros now) {
  wire::LogError error;
  if (const auto status = wire::read_log_error(frame, error); !status.ok()) {
    lose("the broker sent what is no batch");
    return;
  }
  if (error.code == base::code_name(base::Code::too_old) || error.code == base::code_name(base::Code::too_slow)) {
    lose(fmt::format("{}: {}", error.code, error.message));
    return;
  }
  std::uint64_t held_back = 0;
  if (faults_.allow(now, held_back)) log_.error("the broker refuses the log: {} ({})", error.message, error.code);
  if (state_ == State::streaming) restart();
}

}  // namespace lifesign::watchdog
