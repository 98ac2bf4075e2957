#include "load/run.h"

#include <fmt/format.h>
#include <lifesign/commands.h>
#include <lifesign/query.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <random>
#include <set>
#include <thread>

#include "base/text.h"
#include "load/generator.h"
#include "load/listener.h"
#include "load/private_system.h"
#include "net/data_dir.h"
#include "net/open_files.h"

namespace lifesign::load {
namespace {

using namespace std::chrono_literals;

constexpr base::Micros patience = 10s;      // for feeds and the recorder to come to the end of the log
constexpr base::Micros head_start = 100ms;  // between making the plan and the first message
constexpr std::uint64_t spare_files = 64;
constexpr std::size_t named = 5;  // agents that were falsely timed out

struct Place {
  std::string ingest, events, log, query, token;
};

base::Result<Place> place_of(const Options& options, const std::string& folder) {
  Place place{options.ingest, options.events, "", options.query, ""};
  if (folder.empty()) return place;
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored))
    return base::Error{base::Code::not_found,
                       fmt::format("--data {}: there is no such folder; name the one that `lifesign up` uses", folder)};
  auto dir = net::DataDir::open(folder);
  if (!dir.ok()) return dir.error();
  if (dir->read_endpoints("broker").empty())  // asked first: token() would make one
    return base::Error{base::Code::not_found, fmt::format("--data {}: no broker has run with this folder; name the one "
                                                          "that `lifesign up` uses",
                                                          folder)};
  auto token = dir->token();
  if (!token.ok()) return token.error();
  place.token = *token;
  place.ingest = net::endpoint_of(*dir, "ingest", place.ingest);
  place.events = net::endpoint_of(*dir, "events", place.events);
  place.log = net::endpoint_of(*dir, "log", "");
  place.query = net::endpoint_of(*dir, "query", place.query);
  return place;
}

Receive receive_of(const Options& options, const Place& place) {
  if (options.receive) return *options.receive;
  if (!place.log.empty()) return Receive::log;
  return place.events.empty() ? Receive::none : Receive::events;
}

// Counts at one moment.
struct Mark {
  base::Micros at{0};
  std::uint64_t sent = 0, sent_messages = 0, late = 0, acked = 0, recorded = 0, received = 0;
  std::vector<ProcessCost> processes;
};

class Run {
 public:
  Run(const Options& options, base::StopSignal& stop) : options_(options), stop_(stop), plan_(plan_of(options)) {}

  base::Result<Results> run() {
    if (auto files = check_files(); !files.ok()) return files.error();
    if (!options_.running_system()) {
      auto started = PrivateSystem::start(options_.folder, stop_);
      if (!started.ok()) return started.error();
      system_.emplace(std::move(started).value());
    }
    auto place = place_of(options_, system_ ? system_->data().string() : options_.data);
    if (!place.ok()) return place.error();
    place_ = *place;
    results_.notes = notes_on(options_);
    if (auto done = load(); !done.ok()) return done.error();
    return std::move(results_);
  }

 private:
  base::Status check_files() const {
    const std::uint64_t files = net::raise_open_files();
    if (files >= options_.connections + spare_files) return {};
    return base::Error{base::Code::invalid_config,
                       fmt::format("--connections {} needs as many open files and {} more, and {} are allowed; raise "
                                   "the limit (ulimit -n), or take fewer",
                                   options_.connections, spare_files, files)};
  }

  base::Status load() {
    std::random_device random;
    const std::string prefix = fmt::format("bench-{:06x}-", random() & 0xffffff);
    const std::uint64_t run = (std::uint64_t{random()} << 32 | random()) | (1ull << 63);
    Messages messages(prefix, options_.agents, run);
    const Messages names(prefix, options_.agents, run);  // the listener's own: Messages is one thread's
    const Clock clock;
    Generator generator(options_, plan_, messages, clock);
    if (auto connected = generator.connect(place_.ingest); !connected.ok()) return connected;
    const Receive receive = receive_of(options_, place_);
    Listener listener({.events = place_.events,
                       .log = receive == Receive::log ? place_.log : "",
                       .token = place_.token,
                       .prefix = prefix,
                       .beats_as_events = receive == Receive::events},
                      names, clock);
    if (auto listening = listener.start(); !listening.ok()) return listening;

    Span span;
    span.from = clock.now() + head_start;
    span.measure = span.from + options_.warmup;
    span.to = span.measure + options_.duration;
    std::atomic<bool> stop_sending{false}, stop_listening{false};
    std::thread hears([&] { listener.run(span, stop_listening); });
    std::thread sends([&] { generator.run(span, stop_sending); });
    const auto mark = [&] { return mark_now(generator, listener, clock); };
    wait_until(span.measure, clock);
    const Mark first = mark();
    wait_until(span.to, clock);
    const Mark last = mark();
    stop_sending = true;
    sends.join();
    // What is on its way comes, or is counted as lost.
    for (const auto until = clock.now() + patience; receive != Receive::none && clock.now() < until;) {
      if (listener.counts().received.get() >= generator.counts().sent.get()) break;
      std::this_thread::sleep_for(10ms);
    }
    stop_listening = true;
    hears.join();
    count(generator, listener, receive, first, last);
    judge(generator.silences(), listener, names, span);
    if (!place_.query.empty()) results_.recorded = ask_recorder(prefix);
    if (options_.running_system()) generator.say_goodbye();
    if (system_ && !system_->dead().empty())
      results_.notes.push_back(
          fmt::format("lifesign-{} died in the run; its own message is on stderr", system_->dead()));
    return {};
  }

  void wait_until(base::Micros at, const Clock& clock) {
    while (clock.now() < at && !stop_.raised()) {
      pollfd item{stop_.fd(), POLLIN, 0};
      ::poll(&item, 1, static_cast<int>(std::chrono::ceil<base::Millis>(at - clock.now()).count()));
    }
  }

  Mark mark_now(const Generator& generator, const Listener& listener, const Clock& clock) const {
    const SendCounts& out = generator.counts();
    const ReceiveCounts& in = listener.counts();
    Mark mark{clock.now(),     out.sent.get(),    out.sent_messages.get(), out.late_messages.get(),
              out.acked.get(), in.recorded.get(), in.received.get(),       {}};
    if (system_)
      for (const auto& [name, usage] : system_->usage())
        mark.processes.push_back({name, usage.cpu_s, usage.peak_rss_bytes});
    const Usage own = read_usage(::getpid());
    mark.processes.push_back({"lifesign-bench", own.cpu_s, own.peak_rss_bytes});
    return mark;
  }

  void count(const Generator& generator, const Listener& listener, Receive receive, const Mark& first,
             const Mark& last) {
    const SendCounts& out = generator.counts();
    Results& r = results_;
    r.sent = out.sent.get();
    r.sent_messages = out.sent_messages.get();
    r.acked = out.acked.get();
    r.refused = out.refused.get();
    r.unanswered_messages = out.unanswered.get();
    r.refusals = generator.refusals();
    r.seconds = std::chrono::duration<double>(last.at - first.at).count();
    const auto per_s = [&](std::uint64_t Mark::*what) {
      return static_cast<double>(last.*what - first.*what) / r.seconds;
    };
    r.sent_per_s = per_s(&Mark::sent);
    r.acked_per_s = per_s(&Mark::acked);
    r.beats_in_span = last.sent - first.sent;
    if (last.sent_messages > first.sent_messages)
      r.late_share =
          static_cast<double>(last.late - first.late) / static_cast<double>(last.sent_messages - first.sent_messages);
    if (options_.ack == wire::Ack::recorded)
      r.recorded_per_s = r.acked_per_s;
    else if (receive == Receive::log)
      r.recorded_per_s = per_s(&Mark::recorded);
    if (receive != Receive::none) {
      r.received = listener.counts().received.get();
      r.received_per_s = per_s(&Mark::received);
      r.received_from = receive == Receive::log ? "log" : "events";
    }
    r.lost_feeds = listener.counts().lost_feeds.get();
    r.ack_us = generator.ack_us();
    r.e2e_us = listener.e2e_us();
    r.processes = last.processes;
    for (std::size_t i = 0; i < first.processes.size(); ++i) r.processes[i].cpu_s -= first.processes[i].cpu_s;
  }

  // Only deadlines while the load went on: after it all fall silent.
  void judge(Silences& silences, const Listener& listener, const Messages& names, const Span& span) {
    results_.watched = !place_.events.empty();
    results_.deaths = plan_.deaths();
    results_.recovered = listener.recovered();
    results_.blind = listener.blind();
    for (const Timeout& timeout : listener.timeouts()) {
      if (timeout.deadline < span.from || timeout.deadline >= span.to) continue;
      results_.lateness_us.record(
          static_cast<std::uint64_t>(std::max<std::int64_t>(0, (timeout.received - timeout.deadline).count())));
      const std::uint32_t group = plan_.group_of(timeout.agent);
      if (!silences.cover(group, timeout.deadline)) {
        ++results_.false_timeouts;
        if (results_.falsely_timed_out.size() < named) results_.falsely_timed_out.push_back(names.id(timeout.agent));
      } else if (plan_.dies(group)) {
        ++results_.deaths_reported;
      } else {
        ++results_.other_timeouts;
      }
    }
    if (silences.full())
      results_.notes.push_back(
          "so many messages could not be sent in time that true and false timeouts cannot be told apart");
    if (stop_.raised()) results_.notes.push_back("told to stop before the end: not all deaths that were planned came");
  }

  // The heartbeats of our agents that the recorder tells of, once all that the broker has sequenced is on disk.
  std::optional<std::uint64_t> ask_recorder(const std::string& prefix) {
    Commands commands({.endpoint = place_.ingest});
    Query query({.endpoint = place_.query});
    const auto status = commands.status();
    const std::uint64_t end = status.ok() ? (*status)["broker"]["next_seq"].u64_or(0) : 0;
    bool all = false;
    for (const auto until = base::monotonic_now() + patience; end != 0 && !all && base::monotonic_now() < until;) {
      const auto totals = query.totals();
      all = totals.ok() && (*totals)["recorded"].u64_or(0) + 1 >= end;
      if (!all) std::this_thread::sleep_for(20ms);
    }
    if (!all) results_.notes.push_back("the recorder had not recorded everything 10s after the end");
    std::uint64_t sum = 0;
    for (AgentsRequest request{.prefix = prefix, .limit = 1000};;) {
      const auto page = query.agents(request);
      if (!page.ok()) {
        results_.notes.push_back(fmt::format("the recorder could not be asked: {}", page.error().message));
        return std::nullopt;
      }
      for (const Value& agent : (*page)["agents"].items()) sum += agent["total_heartbeats"].u64_or(0);
      request.cursor = (*page)["cursor"];
      if (!request.cursor.exists() || request.cursor.type() == Value::Type::nil) return sum;
    }
  }

  const Options& options_;
  base::StopSignal& stop_;
  const Plan plan_;
  Place place_;
  std::optional<PrivateSystem> system_;
  Results results_;
};

}  // namespace

base::Result<Results> run(const Options& options, base::StopSignal& stop) {
  return Run(options, stop).run();
}

}  // namespace lifesign::load
