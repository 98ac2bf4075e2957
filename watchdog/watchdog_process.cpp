#include "watchdog/watchdog_process.h"

#include <algorithm>
#include <cerrno>
#include <iterator>

namespace lifesign::watchdog {
namespace {

constexpr base::Micros retry_first = std::chrono::milliseconds(100);
constexpr base::Micros quiet_until = std::chrono::milliseconds(400);
constexpr base::Micros retry_most = std::chrono::seconds(2);
constexpr base::Micros slow_cycle = std::chrono::milliseconds(50);
constexpr base::Micros report_every = std::chrono::seconds(1);
constexpr std::chrono::milliseconds idle_wait(20);  // for what no socket announces: retries, reports, silence
constexpr int batches_per_cycle = 64;               // bounds one cycle; what is left waits for the next

}  // namespace

WatchdogProcess::WatchdogProcess(const WatchdogSettings& settings, net::DataDir dir,
                                 std::shared_ptr<telemetry::Log> log, const std::string& token)
    : settings_(settings),
      dir_(std::move(dir)),
      log_(std::move(log)),
      intake_(
          context_, [this] { return net::endpoint_of(dir_, "log", settings_.broker_log); }, token, *log_),
      snapshot_(context_, [this] { return net::endpoint_of(dir_, "query", settings_.recorder_query); }),
      outlet_(
          context_, [this] { return net::endpoint_of(dir_, "ingest", settings_.broker_ingest); }, token, *log_),
      retry_after_(retry_first),
      duty_(slow_cycle) {}

base::Result<std::unique_ptr<WatchdogProcess>> WatchdogProcess::make(const WatchdogSettings& settings, net::DataDir dir,
                                                                     std::shared_ptr<telemetry::Log> log) {
  const auto token = dir.token();
  if (!token.ok()) return token.error();
  return std::unique_ptr<WatchdogProcess>(new WatchdogProcess(settings, std::move(dir), std::move(log), *token));
}

base::Status WatchdogProcess::run(base::StopSignal& stop) {
  log_->info("starts; waits for the recorder's snapshot");
  while (!stop.raised()) {
    const base::Micros began = base::monotonic_now();
    const bool more = cycle(began);
    duty_.add(base::monotonic_now() - began);
    if (more) continue;
    zmq::pollitem_t items[] = {{intake_.socket().handle(), 0, ZMQ_POLLIN, 0},
                               {outlet_.socket().handle(), 0, ZMQ_POLLIN, 0},
                               {nullptr, stop.fd(), ZMQ_POLLIN, 0},
                               {snapshot_.handle(), 0, ZMQ_POLLIN, 0}};
    const std::size_t n = snapshot_.handle() == nullptr ? std::size(items) - 1 : std::size(items);
    try {
      zmq::poll(items, n, idle_wait);
    } catch (const zmq::error_t& e) {
      if (e.num() != EINTR) throw;
    }
  }
  log_->info("stops");
  return {};
}

bool WatchdogProcess::cycle(base::Micros now) {
  bool more = false;
  switch (state_) {
    case State::waiting:
      if (now >= retry_at_) {
        core_.emplace(Watchdog::Options{settings_.max_agents});
        snapshot_.begin(now);
        state_ = State::fetching;
      }
      break;
    case State::fetching:
      fetch(now);
      break;
    case State::following:
      more = follow(now);
      break;
  }
  outlet_.tick(now);
  if (now >= report_at_) report(now);
  return more;
}

void WatchdogProcess::fetch(base::Micros now) {
  const SnapshotClient::Sink sink{[this](const auto& fleet) { return core_->load_fleet(fleet); },
                                  [this](const auto& row) { return core_->load_row(row); }};
  const auto progress = snapshot_.poll(sink, now);
  if (progress == SnapshotClient::Progress::failed) {
    std::uint64_t held_back = 0;
    // At a start of all processes the recorder is a moment later: that is no fault to tell of.
    if (retry_after_ > quiet_until && faults_.allow(now, held_back))
      log_->warn("no snapshot yet: {}; asking again", snapshot_.error());
    retry_later(now);
  } else if (progress == SnapshotClient::Progress::done) {
    log_->info("snapshot of {} agents as of seq {}", snapshot_.rows(), core_->next_seq() - 1);
    judged_ = false;
    intake_.follow(core_->next_seq());
    state_ = State::following;
  }
}

bool WatchdogProcess::follow(base::Micros now) {
  intake_.tick(now);
  int taken = 0;
  for (; taken < batches_per_cycle && intake_.lost().empty(); ++taken) {
    const auto batch = intake_.next(core_->next_seq(), now);
    if (!batch) break;
    if (!apply(*batch)) {
      rebuild("an entry of the log can't be read", now);
      return false;
    }
  }
  if (!intake_.lost().empty() || core_->parted()) {
    rebuild(core_->parted() ? std::string("the recorder lost a part of the log") : intake_.lost(), now);
    return false;
  }
  if (core_->judging() && !judged_) {
    judged_ = true;
    retry_after_ = retry_first;
    log_->info("watches over {} agents", core_->fold().size());
  }
  if (core_->outbox().size() > 0 && outlet_.ready()) {
    core_->flush([this](std::string_view verdict) { return outlet_.add(verdict); });
    outlet_.send();
  }
  return taken == batches_per_cycle;
}

bool WatchdogProcess::apply(const LogIntake::Batch& batch) {
  log_next_seq_ = std::max(log_next_seq_, batch.header.next_seq);
  wire::EntryList entries(batch.payload);
  wire::Entry entry;
  while (entries.next(entry)) {
    if (const auto status = core_->apply(entry); !status.ok()) {
      log_->error("{}", status.error().message);
      return false;
    }
  }
  if (!entries.status().ok()) log_->error("{}", entries.status().error().message);
  return entries.status().ok();
}

void WatchdogProcess::rebuild(std::string_view why, base::Micros now) {
  log_->warn("{}: rebuilding from a snapshot", why);
  ++rebuilds_;
  retry_later(now);
}

void WatchdogProcess::retry_later(base::Micros now) {
  intake_.stop();
  if (core_) {
    resends_before_ += core_->outbox().resends();
    for (std::size_t i = 0; i < decided_before_.size(); ++i) decided_before_[i] += core_->counters().decided[i];
  }
  core_.reset();
  log_next_seq_ = 0;
  state_ = State::waiting;
  retry_at_ = now + retry_after_;
  retry_after_ = std::min(retry_after_ * 2, retry_most);
}

void WatchdogProcess::report(base::Micros now) {
  report_at_ = now + report_every;
  if (!outlet_.ready()) return;
  using liveness::Status;
  Counts counts;
  const auto gauge = [&](std::string_view name, std::uint64_t value) { counts.emplace_back(name, value); };
  const bool judging = core_ && core_->judging();
  gauge("judging", judging ? 1 : 0);
  if (core_) {
    const liveness::Fold& fold = core_->fold();
    gauge("rows", fold.size());
    for (const Status s : {Status::expected, Status::active, Status::late, Status::offline, Status::stopped})
      gauge(liveness::status_name(s), fold.count(s));
    gauge("lag_seq", log_next_seq_ > core_->next_seq() ? log_next_seq_ - core_->next_seq() : 0);
    const auto lag = std::chrono::duration_cast<base::Millis>(base::wall_now()).count() - core_->now();
    if (judging) gauge("lag_ms", static_cast<std::uint64_t>(std::max<std::int64_t>(0, lag)));
    gauge("outbox", core_->outbox().size());
    gauge("ticks", core_->counters().ticks);
    gauge("table_full", fold.counters().table_full);
    gauge("owed_dropped", fold.counters().owed_dropped);
    gauge("bad_schedules", fold.counters().bad_schedules);
  }
  for (std::size_t i = 0; i < decided_before_.size(); ++i)
    gauge(liveness::verdict_name(static_cast<liveness::Verdict>(i)),
          decided_before_[i] + (core_ ? core_->counters().decided[i] : 0));
  gauge("resends", resends_before_ + (core_ ? core_->outbox().resends() : 0));
  gauge("refused", outlet_.refused());
  gauge("rebuilds", rebuilds_);
  gauge("worst_cycle_us", static_cast<std::uint64_t>(duty_.worst().count()));
  gauge("slow_cycles", duty_.slow_cycles());
  outlet_.report(counts);
}

}  // namespace lifesign::watchdog
