#include "recorder/recorder_process.h"

#include <fmt/format.h>

#include <cerrno>

#include "base/text.h"
#include "recorder/recovery.h"

namespace lifesign::recorder {
namespace {

constexpr std::size_t batches_per_cycle = 64;
constexpr base::Millis poll_most{100};
constexpr base::Micros retry_every = std::chrono::seconds(1);
constexpr std::uint64_t queue_reserve = 2 << 20;  // a batch may be larger than its credit
// What a batch comes to, at most and roughly: its entries, as many bytes of rows, its events with their keys.
constexpr std::uint64_t bytes_per_payload_byte = 4;

}  // namespace

RecorderProcess::RecorderProcess(const RecorderSettings& settings, net::DataDir dir,
                                 std::shared_ptr<telemetry::Log> log, std::string token, EnvironmentStore env)
    : settings_(settings), dir_(std::move(dir)), log_(std::move(log)), token_(std::move(token)), env_(std::move(env)) {}

base::Result<std::unique_ptr<RecorderProcess>> RecorderProcess::make(const RecorderSettings& settings, net::DataDir dir,
                                                                     std::shared_ptr<telemetry::Log> log) {
  auto token = dir.token();
  if (!token.ok()) return token.error();
  auto env = EnvironmentStore::open(dir.path() / "store", settings.max_size, EnvironmentStore::Mode::write);
  if (!env.ok()) return env.error();
  std::unique_ptr<RecorderProcess> process(
      new RecorderProcess(settings, std::move(dir), std::move(log), std::move(token).value(), std::move(env).value()));
  if (auto status = process->recover_state(); !status.ok()) return status.error();
  if (auto status = process->bind_desk(); !status.ok()) return status.error();
  process->connect();
  return process;
}

base::Status RecorderProcess::recover_state() {
  const base::Micros began = base::monotonic_now();
  if (env_.stale_readers() > 0) log_->info("cleared {} reader slots of processes that are gone", env_.stale_readers());
  auto keys = KeyStore::open(env_);
  if (!keys.ok()) return keys.error();
  keys_ = std::move(keys).value();
  State state({.max_agents = settings_.max_agents}, keys_->lookup());
  auto recovered = recover(env_, state);
  if (!recovered.ok()) return recovered.error();
  if (!keys_->status().ok()) return keys_->status();
  held_ = state.position().seq;
  held_time_ = to_wire(state.position().time);
  log_->info("recovered to seq {}: {} agents, {} chunks replayed, in {}; {} of {} used", held_, state.fold().size(),
             recovered->chunks, base::format_duration(std::chrono::floor<base::Millis>(base::monotonic_now() - began)),
             base::format_size(env_.used_bytes()), base::format_size(env_.max_bytes()));
  const std::uint64_t broker_run = state.position().broker_run;
  state_ = std::make_unique<SharedState>(std::move(state));
  sink_ = std::make_unique<CommitStore>(env_, recovered->next_seq);
  writer_ = std::make_unique<Writer>(*sink_, held_, retry_every, [this] { committed_.wake(); });
  intake_.emplace(context_,
                  LogIntake::Options{.endpoint = [this] { return net::endpoint_of(dir_, "log", settings_.broker_log); },
                                     .token = token_},
                  broker_run, *log_);
  return {};
}

base::Status RecorderProcess::bind_desk() {
  const QueryDesk::Sources sources{env_, *state_, [this] { return writer_->report().durable; },
                                   [this] {
                                     const std::lock_guard lock(counts_mutex_);
                                     return counts_;
                                   }};
  const int port = static_cast<int>(settings_.port);
  const std::string endpoint = net::bind_endpoint(dir_, "recorder", "query", settings_.query, port);
  auto desk = QueryDesk::bind(context_, endpoint, "--query or --port", sources, *log_);
  // With port 0 the data folder keeps the port; if somebody took it meanwhile, the system picks another.
  if (!desk.ok() && desk.error().code == base::Code::busy && port == 0 && settings_.query.empty()) {
    desk = QueryDesk::bind(context_, "tcp://127.0.0.1:*", "--query or --port", sources, *log_);
  }
  if (!desk.ok()) return desk.error();
  desk_ = std::move(desk).value();
  if (auto status = dir_.write_endpoints("recorder", {{"query", desk_->endpoint()}}); !status.ok()) return status;
  log_->info("listening: query {}", desk_->endpoint());
  return {};
}

void RecorderProcess::connect() {
  reports_.emplace(
      context_, [this] { return net::endpoint_of(dir_, "ingest", settings_.broker_ingest); }, token_);
  counts_ = counts();
}

base::Status RecorderProcess::run(base::StopSignal& stop) {
  desk_->start();
  while (!stop.raised()) {
    zmq::pollitem_t items[] = {{intake_->feed(), 0, ZMQ_POLLIN, 0},
                               {intake_->monitor(), 0, ZMQ_POLLIN, 0},
                               {nullptr, committed_.fd(), ZMQ_POLLIN, 0},
                               {nullptr, stop.fd(), ZMQ_POLLIN, 0}};
    try {
      zmq::poll(items, std::size(items), poll_most);
    } catch (const zmq::error_t& e) {
      if (e.num() != EINTR) throw;
    }
    committed_.clear();
    const base::Micros began = base::monotonic_now();
    cycle(began);
    duty_.add(base::monotonic_now() - began);
    if (const auto report = writer_->report(); report.failed) {
      return base::Error{
          base::Code::storage_failed,
          fmt::format("writing to {} failed: {}. Nothing past seq {} is recorded; see to the disk, then start "
                      "again",
                      (dir_.path() / "store").string(), report.message, report.durable)};
    }
    if (const auto& looked_up = keys_->status(); !looked_up.ok()) {
      return base::Error{
          base::Code::storage_failed,
          fmt::format("reading {} failed: {}. Nothing past seq {} is recorded; run lifesign check, then start again",
                      (dir_.path() / "store").string(), looked_up.error().message, held_)};
    }
  }
  // What was received is written and reported, so that who waits for `recorded` need not ask again.
  writer_->stop();
  const auto report = writer_->report();
  intake_->tick({.held = held_, .durable = report.durable, .held_time = held_time_, .room = 0}, base::monotonic_now());
  if (report.failed) return base::Error{base::Code::storage_failed, report.message};
  log_->info("stopped at seq {}", report.durable);
  return {};
}

void RecorderProcess::cycle(base::Micros now) {
  for (std::size_t i = 0; i < batches_per_cycle; ++i) {
    const auto batch = intake_->next(held_, now);
    if (!batch || !take(*batch)) break;
  }
  const auto report = writer_->report();
  watch_writer(report, now);
  state_->with([&](State& s) { s.committed(report.durable); });
  const std::uint64_t used = report.queued_bytes + queue_reserve;
  const std::uint64_t room =
      report.full || used >= settings_.queue ? 0 : (settings_.queue - used) / bytes_per_payload_byte;
  intake_->tick({.held = held_, .durable = report.durable, .held_time = held_time_, .room = room}, now);
  if (reports_->due(now)) {
    const Counts fresh = counts();
    reports_->send(fresh, now);
    const std::lock_guard lock(counts_mutex_);
    counts_ = fresh;
  }
}

bool RecorderProcess::take(const LogIntake::Batch& batch) {
  auto work = state_->with([&](State& s) { return s.apply(batch.header, batch.payload); });
  if (!keys_->status().ok()) return false;  // run() ends: what this batch came to is not to be trusted
  if (!work.ok()) {
    intake_->reject(work.error().message);
    return false;
  }
  if (work->entries.empty()) return true;
  held_ = work->position.seq;
  held_time_ = to_wire(work->position.time);
  writer_->push(std::move(work).value());
  return true;
}

void RecorderProcess::watch_writer(const Writer::Report& report, base::Micros) {
  if (report.full && !was_full_) {
    log_->error("no room for the log: {}. Nothing is recorded until there is; queries go on", report.message);
  }
  if (!report.full && was_full_) log_->info("there is room again: recorded up to seq {}", report.durable);
  was_full_ = report.full;
  const auto [bad, untracked] =
      state_->with([](State& s) { return std::pair(s.bad_entries(), s.position().untracked); });
  if (bad > bad_entries_said_) log_->error("{} entries of the log could not be applied; they are kept", bad);
  bad_entries_said_ = bad;
  if (untracked > 0 && untracked_said_ == 0) {
    log_->error(
        "there are more than {} agents (recorder.max_agents): beats of more are counted, nobody watches over them",
        settings_.max_agents);
  }
  untracked_said_ = untracked;
}

Counts RecorderProcess::counts() const {
  const auto report = writer_->report();
  const auto& in = intake_->counters();
  Counts out = {{"recorded", report.durable},
                {"queue_bytes", report.queued_bytes},
                {"queue_bytes_worst", report.queued_worst},
                {"commits", report.commits},
                {"commit_us_worst", report.commit_us_worst},
                {"storage_errors", report.storage_errors},
                {"disk_full", report.full ? 1u : 0u},
                {"used_bytes", env_.used_bytes()},
                {"max_bytes", env_.max_bytes()},
                {"streaming", intake_->streaming() ? 1u : 0u},
                {"sessions", in.sessions},
                {"batches", in.batches},
                {"payload_bytes", in.payload_bytes},
                {"log_gaps", in.log_gaps},
                {"protocol_errors", in.protocol_errors},
                {"queries", desk_->queries()},
                {"refused_queries", desk_->refused()},
                {"unsent_answers", desk_->unsent()},
                {"peers", desk_->peers()},
                {"peers_refused", desk_->peers_refused()},
                {"peers_unending", desk_->peers_unending()},
                {"cycle_us_worst", static_cast<std::uint64_t>(duty_.worst().count())},
                {"cycles_slow", duty_.slow_cycles()}};
  state_->with([&](State& s) {
    out.emplace_back("position", s.position().seq);
    out.emplace_back("rows", s.fold().size());
    out.emplace_back("events", s.position().events);
    out.emplace_back("total_heartbeats", s.position().total_heartbeats);
    out.emplace_back("untracked", s.position().untracked);
    out.emplace_back("bad_entries", s.bad_entries());
    out.emplace_back("sweeps", s.sweeps());
  });
  return out;
}

}  // namespace lifesign::recorder
