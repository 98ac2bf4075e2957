#include "broker/log_desk.h"

#include <fmt/format.h>

#include <algorithm>

namespace lifesign::broker {
namespace {

using base::Code;
using base::Error;

constexpr base::Micros silence = std::chrono::seconds(30);
constexpr std::size_t max_sessions = 64;
constexpr std::uint64_t max_seq = 1ull << 62;  // leaves room above for new runs
constexpr std::uint64_t max_credit = 256ull << 20;
constexpr std::size_t batches_per_send = 256;  // bounds one consumer's share of a cycle
constexpr std::string_view recorder_role = "recorder";

}  // namespace

base::Result<LogDesk> LogDesk::bind(zmq::context_t& context, const std::string& endpoint, std::string_view option,
                                    Sequencer& sequencer, Counters& counters, telemetry::Log& log, net::Gate& gate) {
  zmq::socket_t socket = net::make_socket(context, net::Use::log_server);
  base::Result<net::ConnectionWatch> watch = net::ConnectionWatch::of(context, socket);
  if (!watch.ok()) return watch.error();
  base::Result<std::string> bound = net::bind(socket, endpoint, option);
  if (!bound.ok()) return bound.error();
  return LogDesk(std::move(socket), std::move(watch).value(), std::move(bound).value(), sequencer, counters, log, gate);
}

bool LogDesk::answer(std::size_t max_requests, base::LogTime now, Outbox& out) {
  ahead_of_ = 0;
  while (const auto event = watch_.next()) gate_->told(*event);
  std::size_t overrun = 0;
  for (std::size_t i = 0; i < max_requests && net::receive(socket_, frames_, 2, overrun); ++i) {
    gate_->delivered(::zmq_msg_get(frames_.back().handle(), ZMQ_SRCFD), overrun);
    const std::string id(net::view(frames_[0]));
    wire::LogRequest request;
    if (frames_.size() != 2 || overrun) {
      refuse(id, Code::bad_message, "a log request is one frame");
      continue;
    }
    if (const base::Status status = wire::read_log_request(net::view(frames_[1]), request); !status.ok()) {
      refuse(id, status.error().code, status.error().message);
      continue;
    }
    if (request.type == wire::LogRequest::Type::start) {
      start(id, request, now, out);
      if (ahead_of_ != 0) return true;
      continue;
    }
    const auto found = sessions_.find(id);
    if (found == sessions_.end()) {
      refuse(id, Code::bad_message, "there is no session on this connection; send start first");
      continue;
    }
    found->second.heard = now;
    if (request.type == wire::LogRequest::Type::credit) {
      found->second.credit = std::min(max_credit, found->second.credit + std::min(max_credit, request.value));
    } else if (found->second.role != recorder_role) {
      refuse(id, Code::not_allowed, "only the recorder reports what is recorded");
    } else if (request.value >= sequencer_->next_seq()) {
      refuse(id, Code::invalid_value, fmt::format("{} cannot be recorded: it was not given out yet", request.value));
    } else {
      sequencer_->recorded(request.value, out);
    }
  }
  return false;
}

void LogDesk::start(const std::string& id, const wire::LogRequest& request, base::LogTime now, Outbox& out) {
  if (!sequencer_->is_token(request.token))
    return refuse(id, Code::not_allowed, "start needs the data folder's token in its options");
  const bool is_recorder = request.role == recorder_role;
  const auto known = sessions_.find(id);
  if (known == sessions_.end() && sessions_.size() >= max_sessions)
    return refuse(id, Code::overloaded, fmt::format("{} consumers read the log already", sessions_.size()));
  if (is_recorder) {
    if (another_recorder_lives(id, now)) return refuse(id, Code::busy, "another recorder is connected to this broker");
    if (request.value > max_seq) return refuse(id, Code::invalid_value, "no database goes as far as that seq");
    // A recorder that is ahead, or that holds seqs of this run's range from another run, knows a past that this broker
    // lost: what it holds must not be taken for what was given out here.
    const bool other_past = request.broker_run != 0 && request.broker_run != sequencer_->run() &&
                            request.value > sequencer_->run_first_seq();
    if (request.value > sequencer_->next_seq() || other_past) {
      ahead_of_ = request.value;
      ahead_time_ = base::log_time(request.held_time);
      return;
    }
  }
  Session session{std::string(request.role), 0, std::min(request.credit, max_credit), request.ticks, now};
  const Ring& ring = sequencer_->ring();
  const std::uint64_t first_held = ring.empty() ? sequencer_->run_first_seq() : ring.at(ring.first_index()).first_seq;
  if (request.value != 0 && request.value < first_held && first_held != sequencer_->run_first_seq() && !is_recorder)
    return refuse(
        id, Code::too_old,
        fmt::format("seq {} is not in memory any more; the oldest is {}: take a snapshot from the recorder and "
                    "start behind it",
                    request.value, first_held));
  session.next_index = ring.find(request.value);
  if (is_recorder) {
    // Whatever of this run it lacks and the ring has lost is lost for good, and everybody is told.
    const std::uint64_t lacks = std::max(request.value, sequencer_->run_first_seq());
    if (lacks < first_held) {
      sequencer_->gap(lacks, first_held - 1, sequencer_->recorded_time(), ring.at(ring.first_index()).time, now, out);
      log_->error("log.gap: seq {} to {} left memory before the recorder took them", lacks, first_held - 1);
    }
    if (request.value > 0) sequencer_->recorded(request.value - 1, out);
    sequencer_->recorder_connected(true, now);
  }
  log_->info("{} reads the log from seq {}", request.role.empty() ? "a consumer" : request.role, request.value);
  sessions_.insert_or_assign(id, std::move(session));
}

void LogDesk::refuse(const std::string& id, Code code, std::string_view message) {
  ++(*counters_)[Count::log_requests_refused];
  const Ring& ring = sequencer_->ring();
  const std::string error = wire::write_log_error(
      {base::code_name(code), ring.empty() ? sequencer_->next_seq() : ring.at(ring.first_index()).first_seq,
       sequencer_->next_seq(), sequencer_->run(), message});
  if (!net::send(socket_, {id, error})) ++(*counters_)[Count::replies_lost];
}

void LogDesk::drop(Sessions::iterator session, base::LogTime now) {
  ++(*counters_)[Count::log_sessions_dropped];
  if (session->second.role == recorder_role) sequencer_->recorder_connected(false, now);
  sessions_.erase(session);
}

net::Sent LogDesk::send_batch(const std::string& id, const Batch& batch) {
  const std::string header = wire::write_batch_header(
      {sequencer_->run(), batch.first_seq, batch.next_seq, sequencer_->recorded(), batch.time});
  // The payload is shared with the ring, not copied: ZeroMQ lets go of it when the last byte is out.
  auto* shared = new std::shared_ptr<const std::string>(batch.payload);
  zmq::message_t payload(
      const_cast<char*>(batch.payload->data()), batch.payload->size(),
      [](void*, void* hint) { delete static_cast<std::shared_ptr<const std::string>*>(hint); }, shared);
  std::vector<zmq::message_t> frames;
  frames.emplace_back(id.data(), id.size());
  frames.emplace_back(header.data(), header.size());
  frames.push_back(std::move(payload));
  return net::try_send(socket_, frames);
}

// A recorder that was killed is still in the table; an empty batch to it tells whether it is there.
bool LogDesk::another_recorder_lives(const std::string& id, base::LogTime now) {
  const auto other = std::find_if(sessions_.begin(), sessions_.end(), [&](const auto& session) {
    return session.first != id && session.second.role == recorder_role;
  });
  if (other == sessions_.end()) return false;
  const std::uint64_t next = sequencer_->uncut_seq();
  static const auto nothing = std::make_shared<const std::string>();
  if (send_batch(other->first, {next, next, now, nothing}) != net::Sent::gone) return true;
  drop(other, now);
  return false;
}

std::size_t LogDesk::send(base::LogTime now) {
  const Ring& ring = sequencer_->ring();
  std::size_t sent = 0;
  for (auto at = sessions_.begin(); at != sessions_.end();) {
    const auto current = at++;
    Session& session = current->second;
    if (now - session.heard > silence) {
      log_->warn("{} was silent for {}s; its session on the log ends", session.role, silence.count() / 1'000'000);
      drop(current, now);
      continue;
    }
    if (session.next_index < ring.first_index()) {
      log_->warn("{} fell out of the log in memory and must start again", session.role);
      refuse(current->first, Code::too_slow,
             "you fell out of the log in memory; take a snapshot from the recorder and "
             "start behind it");
      drop(current, now);
      continue;
    }
    net::Sent outcome = net::Sent::ok;
    for (std::size_t i = 0; i < batches_per_send && session.credit > 0 && session.next_index < ring.end_index(); ++i) {
      const Batch& batch = ring.at(session.next_index);
      outcome = send_batch(current->first, batch);
      if (outcome != net::Sent::ok) break;
      session.credit -= std::min<std::uint64_t>(session.credit, batch.payload->size());
      ++session.next_index;
      ++sent;
    }
    if (outcome == net::Sent::ok && session.ticks && session.credit > 0 && session.next_index == ring.end_index() &&
        sequencer_->loose_ticks()) {
      // It says how far batches go, not how far seqs were given out: a record that waits for its batch is not missing.
      const Batch& ticks = *sequencer_->loose_ticks();
      outcome = send_batch(current->first, ticks);
      session.credit -= std::min<std::uint64_t>(session.credit, ticks.payload->size());
    }
    if (outcome == net::Sent::gone) drop(current, now);
  }
  return sent;
}

}  // namespace lifesign::broker
