#include "broker/broker_process.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

#include "base/text.h"
#include "net/open_files.h"

namespace lifesign::broker {
namespace {

using base::Code;
using base::Error;

// These bound one cycle; what is left waits for the next.
constexpr std::size_t messages_per_cycle = 1024;
constexpr std::size_t bytes_per_cycle = 4 << 20;
constexpr std::size_t frame_cost = 64;  // in bytes, of one that is dropped
constexpr std::size_t log_requests_per_cycle = 64;
constexpr std::size_t subscriptions_per_cycle = 1024;
constexpr base::Micros state_every = std::chrono::seconds(1);
constexpr base::Micros state_soonest = std::chrono::milliseconds(1);  // when sequence numbers run short
constexpr std::uint64_t reserve_least = 1 << 20;                      // seqs reserved ahead on disk,
constexpr double reserve_seconds = 8;  // and at least what this many seconds use at the present rate
constexpr base::Micros last_words_most = std::chrono::seconds(2);

Bounds bounds_of(const BrokerSettings& settings) {
  Bounds bounds;
  bounds.ring_bytes = settings.ring;
  bounds.held_bytes = settings.held_events;
  bounds.acks_waiting = settings.waiting_acks;
  return bounds;
}

}  // namespace

BrokerProcess::BrokerProcess(const BrokerSettings& settings, net::DataDir dir, std::shared_ptr<telemetry::Log> log,
                             std::string token)
    : settings_(settings),
      dir_(std::move(dir)),
      log_(std::move(log)),
      state_file_(dir_.path() / "broker.state"),
      boot_id_(boot_id()),
      sequencer_(bounds_of(settings), std::move(token), counters_),
      context_(static_cast<int>(settings.io_threads)),
      gate_(net::Gate::room(net::raise_open_files())) {}

base::Result<std::unique_ptr<BrokerProcess>> BrokerProcess::make(const BrokerSettings& settings, net::DataDir dir,
                                                                 std::shared_ptr<telemetry::Log> log) {
  base::Result<std::string> token = dir.token();
  if (!token.ok()) return token.error();
  std::unique_ptr<BrokerProcess> process(
      new BrokerProcess(settings, std::move(dir), std::move(log), std::move(token).value()));
  if (base::Status status = process->bind_all(); !status.ok()) return status.error();
  if (base::Status status = process->open_state(); !status.ok()) return status.error();
  return process;
}

base::Status BrokerProcess::open_state() {
  base::Result<std::optional<State>> loaded = StateFile::load(dir_.path() / "broker.state");
  if (!loaded.ok()) return loaded.error();
  const std::optional<State>& kept = loaded.value();
  const Reading reading = read_clocks();
  const base::LogTime start = start_time(kept, reading, boot_id_);
  clock_.emplace(start, reading);
  drain_.emplace(settings_.tick, settings_.blind_after, start);

  base::LogTime blind_from = kept ? kept->time : start;
  if (kept && kept->recorded_time != base::LogTime{}) blind_from = std::min(blind_from, kept->recorded_time);
  // Without a state file nobody knows how many runs there were, so the count begins where none can have been: a run's
  // number must never come twice, or the recorder could not tell whose seqs it holds.
  const std::uint64_t run = kept ? kept->run + 1 : static_cast<std::uint64_t>(reading.wall.count());
  const std::uint64_t first_seq = kept ? kept->ceiling : 1;
  if (kept) sequencer_.restore(kept->recorded, kept->recorded_time);

  State next = kept.value_or(State{});
  next.run = run;
  next.ceiling = first_seq + reserve_least;
  next.time = start;
  next.boot = reading.boot;
  next.boot_id = boot_id_;
  if (base::Status status = state_file_.write_now(next); !status.ok()) return status;
  sequencer_.set_ceiling(state_file_.ceiling());
  kept_next_seq_ = first_seq;
  state_kept_ = start;
  sequencer_.open_run(run, first_seq, blind_from, start, out_);
  log_->info("run {} from seq {}; blind for {} before it", run, first_seq, base::format_duration(start - blind_from));
  return {};
}

base::Status BrokerProcess::bind_all() {
  const int port = static_cast<int>(settings_.port);
  // With port 0 the data folder keeps the ports; if somebody took one meanwhile, the system picks another.
  const auto bind = [&](std::string_view name, const std::string& given, auto make) {
    const std::string option = fmt::format("--{} or --port", name);
    const std::string endpoint = net::bind_endpoint(dir_, "broker", name, given, port);
    auto bound = make(endpoint, option);
    if (!bound.ok() && bound.error().code == Code::busy && port == 0 && given.empty())
      return make(std::string("tcp://127.0.0.1:*"), option);
    return bound;
  };
  auto intake = bind("ingest", settings_.ingest, [&](const std::string& endpoint, std::string_view option) {
    return IngestIntake::bind(context_, endpoint, option, gate_);
  });
  if (!intake.ok()) return intake.error();
  auto outlet = bind("events", settings_.events, [&](const std::string& endpoint, std::string_view option) {
    return EventsOutlet::bind(context_, endpoint, option, gate_);
  });
  if (!outlet.ok()) return outlet.error();
  auto desk = bind("log", settings_.log, [&](const std::string& endpoint, std::string_view option) {
    return LogDesk::bind(context_, endpoint, option, sequencer_, counters_, *log_, gate_);
  });
  if (!desk.ok()) return desk.error();
  intake_.emplace(std::move(intake).value());
  outlet_.emplace(std::move(outlet).value());
  desk_.emplace(std::move(desk).value());
  if (base::Status status = dir_.write_endpoints(
          "broker", {{"ingest", intake_->endpoint()}, {"events", outlet_->endpoint()}, {"log", desk_->endpoint()}});
      !status.ok())
    return status;
  log_->info("room for {} connections", gate_.most());
  log_->info("listening: ingest {}, events {}, log {}", intake_->endpoint(), outlet_->endpoint(), desk_->endpoint());
  return {};
}

base::Status BrokerProcess::run(base::StopSignal& stop) {
  zmq::pollitem_t items[] = {{intake_->socket().handle(), 0, ZMQ_POLLIN, 0},
                             {outlet_->socket().handle(), 0, ZMQ_POLLIN, 0},
                             {desk_->socket().handle(), 0, ZMQ_POLLIN, 0},
                             {intake_->monitor().handle(), 0, ZMQ_POLLIN, 0},
                             {nullptr, stop.fd(), ZMQ_POLLIN, 0}};
  while (!stop.raised()) {
    const base::Micros began = base::monotonic_now();
    const bool more = cycle();
    duty_.add(base::monotonic_now() - began);
    if (more) continue;
    try {
      zmq::poll(items, std::size(items), std::chrono::ceil<base::Millis>(settings_.tick));
    } catch (const zmq::error_t& e) {
      if (e.num() != EINTR) throw;
    }
  }
  last_words();
  return {};
}

bool BrokerProcess::cycle() {
  const std::optional<ClockStep> step = clock_->update(read_clocks());
  const base::LogTime head = clock_->now();
  if (step) {
    log_->warn("the wall clock was set by {}; log time leans towards it", base::format_duration(step->step));
    sequencer_.clock_stepped(step->step, step->slew, head);
  }
  if (const auto span = drain_->loop(head, clock_->suspended())) {
    log_->warn("stood still for {} ({}): silence in that time counts for nothing",
               base::format_duration(span->to - span->from), span->cause);
    sequencer_.blind(*span, head);
  }
  sequencer_.set_ceiling(state_file_.ceiling());
  const std::uint64_t before = counters_[Count::messages];
  intake_->watch();
  const bool ingest_is_read = read_ingest();
  const bool log_work = serve_log();
  outlet_->subscriptions(sequencer_.beat_topics(), subscriptions_per_cycle);
  if (ingest_is_read) gate_.look(base::monotonic_now());
  sequencer_.expire(now(), out_);
  const std::size_t sent = desk_->send(now());
  flush();
  keep_state();
  note_refusals();
  note_ended();
  update_gauges();
  return counters_[Count::messages] != before || log_work || sent > 0;
}

// False: the recorder is behind, and ingest waits for it.
bool BrokerProcess::read_ingest() {
  Request request;
  base::Status error;
  std::size_t bytes = 0;
  bool waits = false;
  for (std::size_t i = 0; i < messages_per_cycle && bytes < bytes_per_cycle; ++i) {
    if ((waits = sequencer_.pressed(now()))) break;
    // Read before ingest is looked at: nothing that is stamped later can have been there by then.
    const base::LogTime at = now();
    if (!intake_->next(request, error)) {
      ingest_empty(at);
      break;
    }
    ++counters_[Count::messages];
    bytes += request.body.size() + request.frames_dropped * frame_cost;
    handle(request, error, at);
    if (sequencer_.batch_is_large()) sequencer_.cut();
  }
  sequencer_.cut();
  return !waits;
}

// `at` was read before ingest was found empty.
void BrokerProcess::ingest_empty(base::LogTime at) {
  for (const std::uint32_t connection : intake_->closed()) {
    ++counters_[Count::connections_closed];
    sequencer_.closed(connection, at);
  }
  // While beats must be refused, silence proves nothing.
  if (!sequencer_.has_seqs()) return drain_->lost_beats();
  if (const auto span = drain_->drained(at)) {
    log_->warn("could not keep up with ingest for {}: silence in that time counts for nothing",
               base::format_duration(span->to - span->from));
    sequencer_.blind(*span, at);
  }
  if (drain_->tick_due(at)) {
    sequencer_.tick(at, out_);
    drain_->ticked();
  }
}

void BrokerProcess::handle(const Request& request, const base::Status& error, base::LogTime at) {
  if (!error.ok()) return sequencer_.refuse(request.from, request.header.corr, error.error(), out_);
  const wire::IngestHeader& header = request.header;
  if (header.kind != wire::Kind::status && header.kind != wire::Kind::report) return sequencer_.take(request, at, out_);

  wire::Reply reply{.code = "received", .corr = header.corr, .time = at};
  std::string detail;
  if (header.kind == wire::Kind::report) {
    base::Status kept =
        sequencer_.is_token(header.token)
            ? reports_.keep(request.body, base::monotonic_now())
            : Error{Code::not_allowed, "a report needs the data folder's token in the header's options"};
    if (!kept.ok()) return sequencer_.refuse(request.from, header.corr, kept.error(), out_);
    if (header.ack == wire::Ack::none) return;
  } else {
    detail = reports_.status(sequencer_, counters_, base::monotonic_now());
    reply.detail = detail;
  }
  out_.replies.add(request.from, reply);
}

bool BrokerProcess::serve_log() {
  if (desk_->answer(log_requests_per_cycle, now(), out_)) {
    open_new_run(desk_->ahead_of(), desk_->ahead_time());
    return true;
  }
  return false;
}

void BrokerProcess::open_new_run(std::uint64_t above, base::LogTime held) {
  log_->warn(
      "the recorder holds seqs up to {} that this broker (at {}) did not give out, so the state file was lost or is "
      "another folder's: a new run begins above both, and what this run gave out is blind",
      above - 1, sequencer_.next_seq() - 1);
  State next = state();
  ++next.run;
  next.ceiling = std::max(above, sequencer_.next_seq()) + reserve_least;
  if (base::Status status = state_file_.write_now(next); !status.ok()) {
    log_->error("{}; the recorder must wait", status.error().message);
    return;
  }
  sequencer_.set_ceiling(next.ceiling);
  // Log time goes on from the latest that either has seen, and all since the recorder's last record is blind.
  clock_->raise(held);
  const base::LogTime at = now();
  base::LogTime blind_from = std::min(sequencer_.blind_from(), at);
  if (sequencer_.recorded_time() != base::LogTime{}) blind_from = std::min(blind_from, sequencer_.recorded_time());
  if (held != base::LogTime{}) blind_from = std::min(blind_from, held);
  sequencer_.open_run(next.run, std::max(above, sequencer_.next_seq()), blind_from, at, out_);
}

State BrokerProcess::state() const {
  State s;
  s.run = sequencer_.run();
  s.ceiling = state_file_.ceiling();
  s.time = clock_->now();
  s.boot = clock_->boot();
  s.boot_id = boot_id_;
  s.recorded = sequencer_.recorded();
  s.recorded_time = sequencer_.recorded_time();
  return s;
}

void BrokerProcess::keep_state() {
  const std::uint64_t next = sequencer_.next_seq();
  const std::uint64_t ceiling = state_file_.ceiling();
  const base::Micros passed = clock_->now() - state_kept_;
  const bool running_short = next + reserve_least / 2 > ceiling && passed >= state_soonest;
  if (passed < state_every && !running_short) return;
  const double per_second = static_cast<double>(next - kept_next_seq_) * 1e6 / static_cast<double>(passed.count());
  State s = state();
  s.ceiling =
      std::max(ceiling, next + std::max(reserve_least, static_cast<std::uint64_t>(per_second * reserve_seconds)));
  kept_next_seq_ = next;
  state_kept_ = clock_->now();
  state_file_.write_later(s);
  note_state_errors();
}

void BrokerProcess::note_state_errors() {
  const std::string error = state_file_.last_error();
  std::uint64_t held_back = 0;
  if (error.empty()) return;
  ++counters_[Count::state_write_failures];
  if (state_faults_.allow(base::monotonic_now(), held_back))
    log_->error("{}; sequence numbers will run out, and messages be refused, until it can be written", error);
}

void BrokerProcess::note_refusals() {
  const std::uint64_t refused = counters_[Count::refused];
  std::uint64_t held_back = 0;
  if (refused == refused_) return;
  refused_ = refused;
  if (refusals_.allow(base::monotonic_now(), held_back))
    log_->warn("{} messages were refused so far; the latest: {}", refused, sequencer_.last_refusal());
}

// Who is shut out gets no answer that could say why, so the log does.
void BrokerProcess::note_ended() {
  const std::uint64_t ended = gate_.refused() + gate_.unending() + outlet_->cut();
  std::uint64_t held_back = 0;
  if (ended == ended_) return;
  ended_ = ended;
  if (endings_.allow(base::monotonic_now(), held_back))
    log_->warn(
        "connections were shut down so far: {} over the bound of {}, {} whose message did not end, {} that subscribed "
        "to too much",
        gate_.refused(), gate_.most(), gate_.unending(), outlet_->cut());
}

void BrokerProcess::flush() {
  for (const OutgoingReplies& replies : out_.replies)
    if (!intake_->reply(replies)) counters_[Count::replies_lost] += replies.count;
  outlet_->publish(out_.events);
  out_.replies.clear();
  out_.events.clear();
}

// What is sequenced goes to the recorder, and who waits for it gets the answer, before the sockets close.
void BrokerProcess::last_words() {
  log_->info("stopping");
  const base::Micros until = base::monotonic_now() + last_words_most;
  zmq::pollitem_t item{desk_->socket().handle(), 0, ZMQ_POLLIN, 0};
  sequencer_.cut();
  while (sequencer_.has_recorder() && sequencer_.recorded() + 1 < sequencer_.next_seq() &&
         base::monotonic_now() < until) {
    clock_->update(read_clocks());
    desk_->answer(log_requests_per_cycle, now(), out_);
    sequencer_.cut();  // a log.gap that the answers brought
    desk_->send(now());
    flush();
    zmq::poll(&item, 1, std::chrono::milliseconds(10));
  }
  flush();
  clock_->update(read_clocks());
  State s = state();
  s.ceiling = sequencer_.next_seq();  // nothing was given out above it, so the next run leaves no hole
  if (base::Status status = state_file_.write_last(s); !status.ok()) log_->error("{}", status.error().message);
}

void BrokerProcess::update_gauges() {
  sequencer_.update_gauges();
  counters_[Count::connections_opened] = intake_->opened();
  counters_[Count::connections] = intake_->connections().size();
  counters_[Count::peers] = gate_.size();
  counters_[Count::peers_refused] = gate_.refused();
  counters_[Count::peers_unending] = gate_.unending();
  counters_[Count::subscriptions] = outlet_->held();
  counters_[Count::subscribers_cut] = outlet_->cut();
  counters_[Count::log_sessions] = desk_->sessions();
  counters_[Count::undrained_us_worst] = static_cast<std::uint64_t>(drain_->worst().count());
  counters_[Count::cycle_us_worst] = static_cast<std::uint64_t>(duty_.worst().count());
  counters_[Count::cycles_slow] = duty_.slow_cycles();
}

}  // namespace lifesign::broker
