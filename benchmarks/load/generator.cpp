#include "load/generator.h"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "net/socket.h"
#include "wire/beat.h"
#include "wire/ingest.h"
#include "wire/limits.h"
#include "wire/writer.h"

namespace lifesign::load {
namespace {

using namespace std::chrono_literals;

constexpr base::Micros patience = 10s;      // for answers; twice the deadline of a `recorded` ack
constexpr base::Micros look_every = 250ms;  // for messages that are given up
constexpr std::uint64_t sample_every = 16;  // messages that carry sent_at
constexpr int answers_at_once = 1'024;      // then it is time to send again
constexpr base::Micros late = 1ms;          // for a message behind its turn
constexpr base::Micros most_wait = 1ms;     // silences and the broker's waits end meanwhile
constexpr std::uint64_t status_corr = 1ull << 62;

std::array<char, 5> routing_id(std::uint32_t connection) {
  std::array<char, 5> id{'c'};  // not a zero byte, which ZeroMQ keeps for its own
  std::memcpy(id.data() + 1, &connection, sizeof connection);
  return id;
}

}  // namespace

Generator::Generator(const Options& options, const Plan& plan, Messages& messages, const Clock& clock)
    : options_(options),
      plan_(plan),
      messages_(messages),
      clock_(clock),
      context_(1),
      socket_(net::make_socket(context_, net::Use::ingest_server)),
      fd_(socket_.get(zmq::sockopt::fd)),
      groups_(plan.groups().size()),
      silences_(plan.groups().size(), interval_of(options)) {
  socket_.set(zmq::sockopt::rcvhwm, static_cast<int>(2 * window_most));
  for (std::uint32_t c = 0; c < options.connections; ++c) {
    connections_.push_back({.window = Window(window_of(options)), .cursor = plan.first_group(c)});
  }
}

base::Status Generator::connect(const std::string& endpoint) {
  for (std::uint32_t c = 0; c < connections_.size(); ++c) {
    const auto id = routing_id(c);
    socket_.set(zmq::sockopt::connect_routing_id, std::string_view(id.data(), id.size()));
    if (auto connected = net::connect(socket_, endpoint); !connected.ok()) return connected;
  }
  if (ask_status()) return {};
  return base::Error{base::Code::timed_out,
                     fmt::format("{} of {} connections to {} were answered within 10s; does a broker listen there, and "
                                 "may it open as many files (ulimit -n)?",
                                 status_answers_, connections_.size(), endpoint)};
}

void Generator::run(const Span& span, const std::atomic<bool>& stop) {
  span_ = span;
  if (paced()) {
    for (std::uint32_t g = 0; g < groups_.size(); ++g) push_turn(g);
  } else {
    for (std::uint32_t c = 0; c < connections_.size(); ++c) {
      free_.push_back(c);
      connections_[c].listed = true;
    }
  }
  for (base::Micros now = clock_.now(); now < span.to && !stop; now = clock_.now()) {
    if (now < span.from) {
      rest(span.from - now);
      continue;
    }
    bool moved = read_answers();
    moved = (paced() ? send_due(now) : send_free(now)) || moved;
    if (now - looked_ > look_every) give_up_old(now);
    if (!moved) rest(wait_for(now));
  }
  // An answer to a status on each connection says that all before it was sequenced; those to the beats may take longer.
  if (ask_status() && options_.ack == wire::Ack::none)
    for (Connection& c : connections_) c.window.answered_up_to(c.window.next());
  wait_until(
      [&] { return std::all_of(connections_.begin(), connections_.end(), [](auto& c) { return c.window.empty(); }); },
      patience);
  for (Connection& c : connections_) counts_.unanswered.add(c.window.give_up(base::Micros::max()));
}

void Generator::say_goodbye() {
  std::string body;
  for (std::uint32_t agent = 0; agent < options_.agents;) {
    const std::uint32_t end = std::min<std::uint32_t>(options_.agents, agent + wire::limits::items_per_message);
    body.clear();
    wire::Writer writer(body);
    writer.array(end - agent);
    for (; agent < end; ++agent) {
      const std::string id = messages_.id(agent);
      wire::write_goodbye(writer, {.agent_id = id, .reason = "lifesign-bench has ended"});
    }
    status_answers_ = 0;
    const auto header = messages_.header(wire::Kind::goodbye, status_corr, wire::Ack::received);
    if (!wait_until([&] { return send_frames(0, header, body); }, patience)) return;
    if (!wait_until([&] { return status_answers_ == 1; }, patience)) return;
  }
}

bool Generator::wait_until(const std::function<bool()>& condition, base::Micros most) {
  for (const base::Micros until = clock_.now() + most; !condition();) {
    if (clock_.now() > until) return false;
    if (!read_answers()) rest(most_wait);
  }
  return true;
}

// ZeroMQ's own poll knows milliseconds only, which would show as latency. Its descriptor tells of what comes after
// ingest was read to empty; what came in between is found a moment later.
void Generator::rest(base::Micros most) const {
  pollfd item{fd_, POLLIN, 0};
  const timespec time{most.count() / 1'000'000, most.count() % 1'000'000 * 1'000};
  if (most.count() > 0) ::ppoll(&item, 1, &time, nullptr);
}

bool Generator::ask_status() {
  status_answers_ = 0;
  std::string nothing;
  wire::Writer(nothing).map(0);
  for (std::uint32_t c = 0; c < connections_.size(); ++c) {
    const auto header = messages_.header(wire::Kind::status, status_corr, wire::Ack::none);
    if (!wait_until([&] { return send_frames(c, header, nothing); }, patience)) return false;
  }
  return wait_until([&] { return status_answers_ >= connections_.size(); }, patience);
}

bool Generator::read_answers() {
  zmq::message_t id, answer;
  for (int i = 0; i < answers_at_once; ++i) {
    if (!socket_.recv(id, zmq::recv_flags::dontwait)) return i > 0;
    std::uint32_t connection = 0;
    const bool ours = id.size() == routing_id(0).size();
    if (ours) std::memcpy(&connection, id.data<char>() + 1, sizeof connection);
    for (bool more = id.more(); more; more = answer.more()) {
      if (!socket_.recv(answer, zmq::recv_flags::dontwait)) break;
      if (ours && !answer.more()) take(connection, net::view(answer));
    }
  }
  return true;
}

void Generator::take(std::uint32_t c, std::string_view frame) {
  wire::Reply reply;
  while (c < connections_.size() && !frame.empty() && wire::read_reply(frame, reply).ok()) take(c, reply);
}

void Generator::take(std::uint32_t c, const wire::Reply& reply) {
  if (reply.corr == status_corr) {
    ++status_answers_;
    return;
  }
  Connection& connection = connections_[c];
  const base::Micros now = clock_.now();
  if (const auto message = connection.window.answered(reply.corr)) {
    if (reply.ok()) {
      counts_.acked.add(message->beats);
      last_seq_ = std::max(last_seq_, reply.first_seq + message->beats - 1);
      if (message->due >= span_.measure && message->due < span_.to)
        ack_us_.record(static_cast<std::uint64_t>(std::max<std::int64_t>(0, (now - message->due).count())));
    } else {
      counts_.refused.add(message->beats);
    }
  }
  if (reply.ok() && options_.ack == wire::Ack::none) connection.window.answered_up_to(reply.corr);
  if (!reply.ok()) {
    ++refusals_[std::string(reply.code)];
    if (reply.retry_after_ms != 0) connection.not_before = now + base::Millis(reply.retry_after_ms);
  }
  if (!paced() && !std::exchange(connection.listed, true)) free_.push_back(c);
}

bool Generator::send_free(base::Micros now) {
  bool moved = false;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < free_.size(); ++i) {
    const std::uint32_t c = free_[i];
    Connection& connection = connections_[c];
    const std::uint32_t first = plan_.first_group(c), end = plan_.first_group(c + 1);
    bool stuck = now < connection.not_before;
    for (std::uint32_t silent = 0; !stuck && !connection.window.full();) {
      const std::uint32_t group = connection.cursor;
      connection.cursor = group + 1 == end ? first : group + 1;
      if (plan_.silent_at(group, now - span_.from)) {
        stuck = ++silent == end - first;  // all of them
        continue;
      }
      silent = 0;
      now = clock_.now();
      stuck = !send(c, group, now, now);
      moved = moved || !stuck;
    }
    // A full window is listed again when an answer comes.
    connection.listed = !connection.window.full();
    if (connection.listed) free_[kept++] = c;
  }
  free_.resize(kept);
  return moved;
}

void Generator::push_turn(std::uint32_t group) {
  heap_.push_back({due_of(group), group});
  std::push_heap(heap_.begin(), heap_.end(), std::greater<>());
}

bool Generator::send_due(base::Micros now) {
  bool moved = send_held(now);
  for (int i = 0; i < answers_at_once && !heap_.empty() && heap_.front().due <= now; ++i) {
    const Turn turn = heap_.front();
    std::pop_heap(heap_.begin(), heap_.end(), std::greater<>());
    heap_.pop_back();
    moved = true;
    const std::uint32_t c = plan_.groups()[turn.group].connection;
    Connection& connection = connections_[c];
    if (plan_.silent_at(turn.group, turn.due - span_.from)) {
      ++groups_[turn.group].turn;
    } else if (connection.listed || !send(c, turn.group, turn.due, now)) {
      connection.held.push_back(turn.group);
      if (!std::exchange(connection.listed, true)) holding_.push_back(c);
      continue;
    }
    push_turn(turn.group);
  }
  return moved;
}

// What waited for room goes first, in its order.
bool Generator::send_held(base::Micros now) {
  bool moved = false;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < holding_.size(); ++i) {
    const std::uint32_t c = holding_[i];
    Connection& connection = connections_[c];
    while (connection.held_at < connection.held.size()) {
      const std::uint32_t group = connection.held[connection.held_at];
      if (!send(c, group, due_of(group), now)) break;
      ++connection.held_at;
      push_turn(group);
      moved = true;
    }
    connection.listed = connection.held_at < connection.held.size();
    if (connection.listed) {
      holding_[kept++] = c;
    } else {
      connection.held.clear();
      connection.held_at = 0;
    }
  }
  holding_.resize(kept);
  return moved;
}

bool Generator::send(std::uint32_t c, std::uint32_t group, base::Micros due, base::Micros now) {
  Connection& connection = connections_[c];
  if (connection.window.full() || now < connection.not_before) return false;
  GroupState& state = groups_[group];
  Messages::Beats beats{.run_seq = state.sent + 1};
  if (state.sent == 0)
    beats.interval_ms = static_cast<std::uint64_t>(std::chrono::floor<base::Millis>(interval_of(options_)).count());
  if (counts_.sent_messages.get() % sample_every == 0) beats.sent_at = clock_.to_wall(due);
  wire::Ack ack = options_.ack;
  // Something must be answered, or nothing would bound what is in flight.
  const std::uint64_t number = connection.window.next();
  if (ack == wire::Ack::none && number % std::max(1u, window_of(options_) / 2) == 0) ack = wire::Ack::received;
  const Group& who = plan_.groups()[group];
  if (!send_frames(c, messages_.header(wire::Kind::beats, number, ack), messages_.body(who, beats))) return false;
  connection.window.sent(due, who.count);
  silences_.sent(group, now);
  ++state.turn;
  ++state.sent;
  counts_.sent.add(who.count);
  counts_.sent_messages.add(1);
  if (now - due > late) counts_.late_messages.add(1);
  return true;
}

bool Generator::send_frames(std::uint32_t connection, std::string_view header, std::string_view body) {
  const auto id = routing_id(connection);
  return net::send(socket_, {{id.data(), id.size()}, header, body});
}

void Generator::give_up_old(base::Micros now) {
  looked_ = now;
  for (std::uint32_t c = 0; c < connections_.size(); ++c) {
    Connection& connection = connections_[c];
    const std::size_t given_up = connection.window.give_up(now - patience);
    if (given_up == 0) continue;
    counts_.unanswered.add(given_up);
    if (!paced() && !std::exchange(connection.listed, true)) free_.push_back(c);
  }
}

base::Micros Generator::wait_for(base::Micros now) const {
  const base::Micros next = paced() && !heap_.empty() ? heap_.front().due : span_.to;
  return std::clamp<base::Micros>(std::min(next, span_.to) - now, 0us, most_wait);
}

}  // namespace lifesign::load
