#include "load/listener.h"

#include <fmt/format.h>

#include <limits>

#include "net/socket.h"
#include "wire/beat.h"
#include "wire/event.h"
#include "wire/kinds.h"
#include "wire/log.h"

namespace lifesign::load {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t credit = 16 << 20;  // bytes that may be on their way
constexpr base::Micros keep_alive = 5s;     // the broker ends a session after 30 s of silence
constexpr base::Micros patience = 10s;
constexpr int at_once = 1'024;  // of one feed, before the other is looked at

}  // namespace

Listener::Listener(Feeds feeds, const Messages& messages, const Clock& clock)
    : feeds_(std::move(feeds)),
      messages_(messages),
      clock_(clock),
      context_(1),
      events_(net::make_socket(context_, net::Use::events_client)),
      log_(net::make_socket(context_, net::Use::log_client)) {}

base::Status Listener::start() {
  events_began_ = feeds_.events.empty();
  log_began_ = feeds_.log.empty();
  if (!feeds_.events.empty()) {
    for (const auto type : {wire::events::timeout, wire::events::recovered})
      events_.set(zmq::sockopt::subscribe, fmt::format("{}/{}", type, feeds_.prefix));
    if (feeds_.beats_as_events)
      events_.set(zmq::sockopt::subscribe, fmt::format("{}/{}", wire::events::received, feeds_.prefix));
    for (const auto type : {wire::events::blind, wire::events::gap, wire::events::tick})
      events_.set(zmq::sockopt::subscribe, wire::topic(type, ""));
    if (auto connected = net::connect(events_, feeds_.events); !connected.ok()) return connected;
  }
  if (!feeds_.log.empty()) {
    if (auto connected = net::connect(log_, feeds_.log); !connected.ok()) return connected;
    start_log();
  }
  for (const base::Micros until = clock_.now() + patience; !events_began_ || !log_began_;) {
    if (!log_error_.empty()) return base::Error{base::Code::not_allowed, log_error_};
    if (clock_.now() > until)
      return base::Error{base::Code::timed_out,
                         fmt::format("nothing came from {} within 10s; does a broker publish there?",
                                     events_began_ ? feeds_.log : feeds_.events)};
    read_for(50ms);
  }
  return {};
}

// From what comes next: the broker answers a seq above its own from its own on.
void Listener::start_log() {
  wire::LogRequest request;
  request.type = wire::LogRequest::Type::start;
  request.value = std::numeric_limits<std::int64_t>::max();
  request.token = feeds_.token;
  request.role = "lifesign-bench";
  request.credit = credit;
  const std::string bytes = wire::write_log_request(request);
  zmq::pollitem_t item{log_.handle(), 0, ZMQ_POLLOUT, 0};
  zmq::poll(&item, 1, std::chrono::ceil<base::Millis>(patience));
  net::send(log_, {bytes});
  unpaid_ = 0;
  paid_ = clock_.now();
}

void Listener::run(const Span& span, const std::atomic<bool>& stop) {
  span_ = span;
  while (!stop) read_for(20ms);
}

void Listener::read_for(base::Micros most) {
  const bool events = read_events();
  const bool log = read_log();
  if (events || log) return;
  zmq::pollitem_t items[] = {{events_.handle(), 0, ZMQ_POLLIN, 0}, {log_.handle(), 0, ZMQ_POLLIN, 0}};
  zmq::poll(items, 2, std::chrono::ceil<base::Millis>(most));
}

bool Listener::read_events() {
  std::size_t overrun = 0;
  int read = 0;
  while (read < at_once && net::receive(events_, frames_, 2, overrun)) {
    ++read;
    if (frames_.size() == 2) event(net::view(frames_[0]), net::view(frames_[1]));
  }
  return read > 0;
}

void Listener::event(std::string_view topic, wire::Bytes map) {
  const base::Micros now = clock_.now();
  if (topic.starts_with(wire::events::received)) {
    counts_.received.add(1);
    std::uint64_t sent_at = 0;
    if (wire::find_u64(map, "sent_at", sent_at)) beat_came(sent_at, now);
    return;
  }
  wire::Event event;
  if (!wire::read_event(map, event).ok()) return;
  if (event.type == wire::events::tick) {
    events_began_ = true;
  } else if (event.type == wire::events::blind || event.type == wire::events::gap) {
    ++blind_;
  } else if (event.type == wire::events::recovered) {
    ++recovered_;
  } else if (event.type == wire::events::timeout) {
    Timeout timeout;
    std::uint64_t deadline = 0;
    if (!messages_.agent_of(event.agent_id, timeout.agent) || !wire::find_u64(map, "deadline", deadline)) return;
    timeout.deadline = clock_.from_wall(deadline);
    timeout.received = now;
    timeouts_.push_back(timeout);
  }
}

bool Listener::read_log() {
  if (feeds_.log.empty()) return false;
  std::size_t overrun = 0;
  int read = 0;
  while (read < at_once && net::receive(log_, frames_, 2, overrun)) {
    ++read;
    if (frames_.size() == 2) {
      log_began_ = true;
      batch(net::view(frames_[0]), net::view(frames_[1]));
      unpaid_ += frames_[1].size();
      continue;
    }
    wire::LogError error;
    if (!wire::read_log_error(net::view(frames_[0]), error).ok()) continue;
    if (error.code == "too_slow" || error.code == "too_old") {
      counts_.lost_feeds.add(1);
      start_log();
    } else {
      log_error_ = fmt::format("the broker refuses the log: {}: {}", error.code, error.message);
    }
  }
  const base::Micros now = clock_.now();
  if (unpaid_ >= credit / 4 || now - paid_ > keep_alive) {
    wire::LogRequest request;
    request.type = wire::LogRequest::Type::credit;
    request.value = unpaid_;
    const std::string bytes = wire::write_log_request(request);
    if (net::send(log_, {bytes})) unpaid_ = 0, paid_ = now;
  }
  return read > 0;
}

void Listener::batch(wire::Bytes header_bytes, wire::Bytes payload) {
  wire::BatchHeader header;
  if (!wire::read_batch_header(header_bytes, header).ok()) return;
  const base::Micros now = clock_.now();
  std::uint64_t beats = 0;
  wire::EntryList entries(payload);
  for (wire::Entry entry; entries.next(entry);) {
    if (entry.kind != wire::Kind::beats) continue;
    wire::Beat first;
    wire::BeatList list(entry.body);
    if (!list.next(first) || !first.agent_id.starts_with(feeds_.prefix)) continue;
    beats += entry.count;
    if (first.sent_at != 0) beat_came(first.sent_at, now);
  }
  counts_.received.add(beats);
  if (beats != 0) unrecorded_.push_back({header.next_seq, beats});
  // The watermark is the last seq on disk.
  for (; !unrecorded_.empty() && unrecorded_.front().next_seq <= header.recorded + 1; unrecorded_.pop_front())
    counts_.recorded.add(unrecorded_.front().beats);
}

void Listener::beat_came(std::uint64_t sent_at, base::Micros now) {
  const base::Micros due = clock_.from_wall(sent_at);
  if (due < span_.measure || due >= span_.to) return;
  e2e_us_.record(static_cast<std::uint64_t>(std::max<std::int64_t>(0, (now - due).count())));
}

}  // namespace lifesign::load
