#include "sim/log_desk.h"

#include <algorithm>

namespace lifesign::sim {
namespace {

constexpr Micros silence = std::chrono::seconds(30);

}  // namespace

void LogDesk::accept(const LinkPtr& link) {
  const std::uint32_t number = link->number();
  links_.emplace(number, link);
  link->end(Side::server) = {[this, number](const Message& m) { inbox_.emplace_back(number, m.head); },
                             [this, number] { gone(number); }};
}

void LogDesk::gone(std::uint32_t number) {
  links_.erase(number);  // the session stays until a send to it fails, as with a ROUTER
}

std::vector<LinkPtr> LogDesk::links() const {
  std::vector<LinkPtr> out;
  for (const auto& [number, link] : links_) out.push_back(link);
  return out;
}

std::optional<LogDesk::Ahead> LogDesk::answer(base::LogTime now, broker::Outbox& out) {
  for (const auto& [number, frame] : std::exchange(inbox_, {})) {
    wire::LogRequest request;
    const base::Status read = wire::read_log_request(frame, request);
    LIFESIGN_ASSERT(read.ok(), "{}", read.error().message);
    if (request.type == wire::LogRequest::Type::start) {
      if (const auto ahead = start(number, request, now, out)) return ahead;
      continue;
    }
    const auto found = sessions_.find(number);
    if (found == sessions_.end()) {
      refuse(number, base::Code::bad_message);
      continue;
    }
    found->second.heard = now;
    if (request.type == wire::LogRequest::Type::credit)
      found->second.credit += request.value;
    else if (request.value < sequencer_.next_seq())
      sequencer_.recorded(request.value, out);
    else
      refuse(number, base::Code::invalid_value);
  }
  return std::nullopt;
}

std::optional<LogDesk::Ahead> LogDesk::start(std::uint32_t number, const wire::LogRequest& request, base::LogTime now,
                                             broker::Outbox& out) {
  const bool is_recorder = request.role == "recorder";
  if (is_recorder) {
    if (another_recorder_lives(number, now)) {
      refuse(number, base::Code::busy);
      return std::nullopt;
    }
    const bool other_past =
        request.broker_run != 0 && request.broker_run != sequencer_.run() && request.value > sequencer_.run_first_seq();
    if (request.value > sequencer_.next_seq() || other_past)
      return Ahead{request.value, base::log_time(request.held_time)};
  }
  const broker::Ring& ring = sequencer_.ring();
  const std::uint64_t first_held = ring.empty() ? sequencer_.run_first_seq() : ring.at(ring.first_index()).first_seq;
  if (request.value != 0 && request.value < first_held && first_held != sequencer_.run_first_seq() && !is_recorder) {
    refuse(number, base::Code::too_old);
    return std::nullopt;
  }
  if (is_recorder) {
    const std::uint64_t lacks = std::max(request.value, sequencer_.run_first_seq());
    if (lacks < first_held)
      sequencer_.gap(lacks, first_held - 1, sequencer_.recorded_time(), ring.at(ring.first_index()).time, now, out);
    if (request.value > 0) sequencer_.recorded(request.value - 1, out);
    sequencer_.recorder_connected(true, now);
  }
  sessions_.insert_or_assign(number,
                             Session{is_recorder, request.ticks, ring.find(request.value), request.credit, now});
  return std::nullopt;
}

void LogDesk::refuse(std::uint32_t number, base::Code code) {
  const broker::Ring& ring = sequencer_.ring();
  const std::string error = wire::write_log_error(
      {base::code_name(code), ring.empty() ? sequencer_.next_seq() : ring.at(ring.first_index()).first_seq,
       sequencer_.next_seq(), sequencer_.run(), "refused"});
  if (const auto link = links_.find(number); link != links_.end())
    link->second->send(link->second, Side::client, {error, nullptr});
}

void LogDesk::drop(Sessions::iterator session, base::LogTime now) {
  if (session->second.is_recorder) sequencer_.recorder_connected(false, now);
  sessions_.erase(session);
}

bool LogDesk::send_batch(std::uint32_t number, const broker::Batch& batch) {
  const auto link = links_.find(number);
  if (link == links_.end()) return false;
  link->second->send(
      link->second, Side::client,
      {wire::write_batch_header({sequencer_.run(), batch.first_seq, batch.next_seq, sequencer_.recorded(), batch.time}),
       batch.payload});
  return true;
}

bool LogDesk::another_recorder_lives(std::uint32_t number, base::LogTime now) {
  const auto other = std::find_if(sessions_.begin(), sessions_.end(),
                                  [&](const auto& s) { return s.first != number && s.second.is_recorder; });
  if (other == sessions_.end()) return false;
  const std::uint64_t next = sequencer_.uncut_seq();
  if (send_batch(other->first, {next, next, now, std::make_shared<const std::string>()})) return true;
  drop(other, now);
  return false;
}

void LogDesk::send(base::LogTime now) {
  const broker::Ring& ring = sequencer_.ring();
  for (auto at = sessions_.begin(); at != sessions_.end();) {
    const auto current = at++;
    Session& session = current->second;
    if (now - session.heard > silence) {
      drop(current, now);
      continue;
    }
    if (session.next_index < ring.first_index()) {
      refuse(current->first, base::Code::too_slow);
      drop(current, now);
      continue;
    }
    bool there = true;
    while (there && session.credit > 0 && session.next_index < ring.end_index()) {
      const broker::Batch& batch = ring.at(session.next_index);
      there = send_batch(current->first, batch);
      if (!there) break;
      session.credit -= std::min<std::uint64_t>(session.credit, batch.payload->size());
      ++session.next_index;
    }
    const auto& ticks = sequencer_.loose_ticks();
    if (there && session.ticks && session.credit > 0 && session.next_index == ring.end_index() && ticks) {
      there = send_batch(current->first, *ticks);
      session.credit -= std::min<std::uint64_t>(session.credit, ticks->payload->size());
    }
    if (!there) drop(current, now);
  }
}

}  // namespace lifesign::sim
