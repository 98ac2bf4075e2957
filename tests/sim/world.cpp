#include "sim/world.h"

#include <fmt/format.h>

#include "sim/oracle.h"
#include "sim/weather.h"

namespace lifesign::sim {
namespace {

constexpr Micros step_every = 100ms;

std::int64_t ms(base::LogTime t) {
  return std::chrono::floor<base::Millis>(t.time_since_epoch()).count();
}

broker::Bounds small_bounds(Random& random) {
  broker::Bounds bounds;
  bounds.ring_bytes = random.chance(0.3) ? 256 << 10 : 8 << 20;
  bounds.held_bytes = random.chance(0.3) ? 32 << 10 : 4 << 20;
  bounds.acks_waiting = random.chance(0.3) ? 1'000 : 100'000;
  return bounds;
}

}  // namespace

World::World(const WorldOptions& options) : options_(options), random_(options.seed), disk_(random_.fork()) {
  build_service();
  build_fleet();
}

LinkPtr World::dial(bool reachable) {
  if (!reachable || !broker_->accepting()) return nullptr;
  return std::make_shared<Link>(timeline_, random_.fork(), ++links_, delay_);
}

void World::set_broken(const std::string& what) {
  tally_.breaks(&Tally::other, fmt::format("{:.3f} s: {}", static_cast<double>(timeline_.now().count()) / 1e6, what));
}

void World::build_service() {
  broker_ = std::make_unique<Broker>(
      timeline_, random_.fork(), machine_, disk_, small_bounds(random_), options_.sabotage,
      Broker::Watch{[this](const broker::Batch& batch, std::uint64_t run) { watch_batch(batch, run); },
                    [this](const std::string& what) { set_broken(what); }});
  const auto dialer = [this](void (Broker::*accept)(const LinkPtr&)) {
    return [this, accept]() -> LinkPtr {
      LinkPtr link = dial(true);
      if (link) (broker_.get()->*accept)(link);
      return link;
    };
  };
  const auto broken = [this](const std::string& what) { set_broken(what); };
  recorder_ = std::make_unique<Recorder>(timeline_, random_.fork(), disk_, Recorder::Options{},
                                         dialer(&Broker::accept_log), options_.sabotage, Recorder::Watch{broken});
  watchdog_ = std::make_unique<Watchdog>(timeline_, random_.fork(), *recorder_, dialer(&Broker::accept_log),
                                         dialer(&Broker::accept_ingest), options_.sabotage, Watchdog::Watch{broken});
  subscriber_ = std::make_unique<Subscriber>(timeline_, random_.fork(), *recorder_, dialer(&Broker::accept_events),
                                             options_.sabotage);
}

void World::build_fleet() {
  constexpr std::int64_t intervals[] = {200, 500, 1000, 1000, 2000, 5000};
  std::vector<Micros> patience;
  while (agents_.size() < options_.agents) {
    const std::size_t index = hosts_.size();
    Host::Options host{.name = fmt::format("h{}", index)};
    host.ack = random_.chance(0.7) ? Ack::recorded : random_.chance(0.8) ? Ack::received : Ack::none;
    host.clock_off = random_.chance(0.2) ? random_.between(-300s, 300s) : random_.between(-20ms, 20ms);
    const std::size_t members = 1 + (random_.chance(0.5) ? 0 : random_.below(40));
    for (std::size_t i = 0; i < members; ++i) {
      Policy policy;
      policy.interval_ms = intervals[random_.below(std::size(intervals))];
      policy.grace_ms = static_cast<std::uint64_t>(policy.interval_ms) / (random_.chance(0.5) ? 4 : 2);
      policy.limit = 1 + random_.below(3);
      host.members.push_back(policy);
      patience.push_back(policy.patience());
      agents_.push_back({index, i});
    }
    const auto dialer = [this, index]() -> LinkPtr {
      LinkPtr link = dial(timeline_.now() >= cut_off_until_[index]);
      if (link) broker_->accept_ingest(link);
      return link;
    };
    hosts_.push_back(std::make_unique<Host>(timeline_, random_.fork(), std::move(host), dialer, [this](Acked acked) {
      acked_most_ = std::max(acked_most_, acked.seq);
      acked_.push_back(std::move(acked));
    }));
    cut_off_until_.emplace_back(0);
  }
  audible_.resize(agents_.size());
  tally_.agents += agents_.size();
  naive_ = std::make_unique<Naive>(std::move(patience), Naive::scan_every);
}

void World::start_recorder() {
  recorder_->start();
  if (recorder_->durable() < acked_most_)
    set_broken(fmt::format("(c) the recorder came back at seq {}, and {} was called recorded", recorder_->durable(),
                           acked_most_));
}

void World::watch_batch(const broker::Batch& batch, std::uint64_t run) {
  std::uint64_t beats = 0;
  wire::EntryList list(*batch.payload);
  for (wire::Entry e; list.next(e);)
    if (e.kind == wire::Kind::beats) beats += e.count;
  cuts_.push_back({run, batch.first_seq, batch.next_seq, ms(batch.time), timeline_.now(), beats});
}

bool World::healthy() const {
  return broker_->accepting() && recorder_->answers() && watchdog_->judging() && !watchdog_->paused() &&
         recorder_->link() && !recorder_->link()->is_cut() && watchdog_->link() && !watchdog_->link()->is_cut() &&
         !disk_.full && disk_.most <= 5ms && !broker_->slow();
}

void World::step() {
  const Micros now = timeline_.now();
  if (const bool well = healthy(); health_.empty() || health_.back().second != well) health_.emplace_back(now, well);
  for (std::size_t i = 0; i < agents_.size(); ++i) {
    const auto [host, member] = agents_[i];
    const bool audible = hosts_[host]->beats(member) && now >= cut_off_until_[host];
    if (audible != audible_[i]) naive_->audible(i, audible, now, tally_);
    audible_[i] = audible;
    if (audible && hosts_[host]->beat_since(member, now - step_every)) naive_->beat(i);
  }
  naive_->step(now, machine_.read(now).wall, broker_->accepting() && now >= naive_away_until_, tally_);
}

Tally World::run() {
  broker_->start();
  recorder_->start();
  watchdog_->start();
  subscriber_->start();
  for (const auto& host : hosts_) timeline_.at(random_.between(0ms, 2s), [&host] { host->start(); });
  Weather weather(*this, random_.fork(), options_.storm_time);
  const Micros end = options_.storm_time + options_.calm_time;
  constexpr Micros settling = 3s;  // the fleet comes up in peace
  while (timeline_.now() < end) {
    timeline_.run_until(timeline_.now() + step_every);
    step();
    if (timeline_.now() > settling && timeline_.now() < options_.storm_time) weather.step(step_every);
    if (timeline_.now() == options_.storm_time) weather.clear();
  }
  naive_->finish(timeline_.now(), tally_);
  check();
  ++tally_.worlds;
  return tally_;
}

// From the deadline, or the end of whatever stood in the way after it, to the verdict.
std::int64_t World::delay(std::int64_t deadline, std::uint64_t seq) const {
  const auto due = std::find_if(cuts_.begin(), cuts_.end(), [&](const Cut& c) { return c.time >= deadline; });
  const auto told =
      std::find_if(cuts_.begin(), cuts_.end(), [&](const Cut& c) { return seq >= c.first_seq && seq < c.next_seq; });
  if (due == cuts_.end() || told == cuts_.end()) return 0;
  Micros from = due->at;
  for (std::size_t i = 0; i < health_.size() && health_[i].first <= told->at; ++i) {
    if (health_[i].second) from = std::max(from, health_[i].first);
    if (!health_[i].second && (i + 1 == health_.size() || health_[i + 1].first > told->at)) return 0;
  }
  return std::max<std::int64_t>(0, (told->at - from) / 1ms);
}

void World::check() {
  tally_.looks += watchdog_->looks();
  tally_.ticks += broker_->ticks();
  if (!watchdog_->judging() || !recorder_->up()) return set_broken("calm came, and recorder or watchdog did not");
  Oracle oracle({recorder_->store(), acked_, [this](std::int64_t d, std::uint64_t s) { return delay(d, s); }}, tally_);
  oracle.judge();
  const recorder::State& state = recorder_->state();
  check_rows(state.fold(), watchdog_->core()->fold(), "(f) recorder and watchdog",
             std::min(state.position().seq, watchdog_->core()->next_seq() - 1));
  if (watchdog_->core()->outbox().size() > 0) set_broken("(f) the watchdog's outbox is not empty");
  for (std::uint32_t row = 0; row < state.fold().row_end(); ++row)
    if (state.fold().in_use(row) && !state.fold().owed(row).empty())
      set_broken(fmt::format("(b) something is still owed for {}", state.fold().agent_id(row)));
  if (state.fold().counters().owed_dropped > 0) set_broken("(b) owed verdicts were dropped");
  recorder::State again(recorder::State::Options{}, [](std::string_view) { return std::nullopt; });
  recorder_->store().replay_all(again);
  check_rows(state.fold(), again.fold(), "(f) recorder and a replay of its log", recorder_->store().last_seq());
  check_lost(oracle.blindness());
  subscriber_->check(tally_);
}

void World::check_rows(const liveness::Fold& a, const liveness::Fold& b, std::string_view what, std::uint64_t up_to) {
  std::size_t differ = 0;
  std::string first;
  for (std::uint32_t row = 0; row < a.row_end(); ++row) {
    if (!a.in_use(row)) continue;
    const std::uint32_t other = b.find(a.agent_id(row));
    liveness::RowState x = a.export_row(row),
                       y = other == liveness::no_row ? liveness::RowState{} : b.export_row(other);
    x.as_of = y.as_of = 0;
    if (x == y || std::max(x.last_seq, y.last_seq) > up_to) continue;
    if (differ++ == 0) first = a.agent_id(row);
  }
  if (differ > 0 || a.size() != b.size())
    set_broken(fmt::format("{} differ in {} rows, {} and {} in all; the first is {}", what, differ, a.size(), b.size(),
                           first));
}

// Beats that were sequenced and never recorded: the time of each is blind.
void World::check_lost(const Blindness& blindness) {
  const auto& log = recorder_->store().log();
  for (const Cut& c : cuts_) {
    if (c.beats == 0 || c.next_seq - 1 > recorder_->store().last_seq()) continue;
    auto at = log.upper_bound(c.first_seq);
    if (at != log.begin()) --at;
    recorder::Chunk chunk;
    const bool read = recorder::decode_chunk(at->first, at->second, chunk).ok();
    if (read && chunk.header.first_seq <= c.first_seq && c.first_seq < chunk.header.next_seq) continue;
    tally_.lost_blind += c.beats;
    if (!blindness.covers(c.time))
      set_broken(fmt::format("{} beats at seq {} (log time {}) were lost, and no blind span holds them", c.beats,
                             c.first_seq, c.time));
  }
}

}  // namespace lifesign::sim
