#include <signal.h>
#include <sys/wait.h>

#include <random>

#include "recorder/check.h"
#include "tests/unit/recorder/fixture.h"

namespace lifesign::recorder::test {
namespace {

// A fleet's life with all that may happen to it, the same for each seed.
std::vector<TestBatch> life(unsigned seed, int batches) {
  std::mt19937 random(seed);
  LogScript log;
  std::vector<TestBatch> out;
  const auto pick = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
  std::map<std::string, std::uint64_t> last;
  std::vector<std::string> ids;
  for (unsigned i = 0; i < 40; ++i) ids.push_back("agent-" + std::to_string(i));
  std::uint64_t run_seq = 0;
  log.broker_event("broker.started", log.time - 5 * second, log.time);
  for (int b = 0; b < batches; ++b) {
    const unsigned entries = 1 + pick(6);
    for (unsigned e = 0; e < entries; ++e) {
      log.time += 1'000 + pick(2'000'000);
      const std::string& id = ids[pick(40)];
      wire::Beat beat;
      beat.agent_id = id;
      switch (pick(12)) {
        case 0:
          log.tick();
          break;
        case 1:
          log.goodbye(id, pick(3));
          break;
        case 2:
          log.command("agent.expected", id);
          break;
        case 3:
          log.command(pick(2) != 0 ? "agent.stopped" : "agent.forgotten", id);
          break;
        case 4: {
          wire::Registration r;
          r.agent_id = id;
          r.name = "name " + std::to_string(pick(3));
          r.labels = std::map<std::string, std::string>{{"host", "h" + std::to_string(pick(4))}};
          r.interval_ms = 1000 * (1 + pick(50));
          log.registration(r);
          break;
        }
        case 5:
          if (last[id] != 0) log.verdict("heartbeat.missed", id, last[id], 1, log.time - second);
          break;
        case 6:
          if (last[id] != 0) log.verdict("agent.timeout", id, last[id], 2, log.time - second);
          break;
        case 7:
          log.broker_event("fleet.blind", log.time - 2 * second, log.time - second);
          break;
        case 8:
          beat.age_ms = 1 + pick(100'000);
          beat.run = 1 + pick(2);
          beat.run_seq = 1 + pick(30);
          log.beats({beat}, wire::Kind::backfill);
          break;
        case 9:
          log.beat(id);
          break;  // no run: a repeat of it would be counted
        default:
          beat.run = 1 + pick(2);
          beat.run_seq = pick(5) == 0 ? 1 + pick(20) : ++run_seq;
          beat.has_activity = true;
          beat.activity = "busy";
          beat.has_progress = true;
          beat.progress = pick(5);
          if (pick(4) == 0) beat.busy_for_ms = 5'000;
          last[id] = log.beats({beat});
      }
    }
    if (log.next_seq() > (out.empty() ? 1 : out.back().header.next_seq)) out.push_back(log.cut());
  }
  return out;
}

std::vector<TestBatch> first(const std::vector<TestBatch>& batches, std::uint64_t up_to) {
  std::vector<TestBatch> out;
  for (const auto& batch : batches) {
    if (batch.header.next_seq <= up_to + 1) out.push_back(batch);
  }
  return out;
}

}  // namespace

TEST_CASE("a hole in the log is blind time from the moment it is taken, before log.gap tells of it", "[recorder]") {
  const TempDir dir;
  LogScript log;
  log.beat("lives", 1, 1);
  std::vector<TestBatch> batches{log.cut()};
  const auto from = liveness::to_ms(base::log_time(log.time));
  log.time += 100 * second;
  const auto to = liveness::to_ms(base::log_time(log.time));
  log.skip_to(500);
  log.tick();
  batches.push_back(log.cut());
  const auto spans = [](const State& state) { return state.fold().export_fleet().blind; };
  std::map<std::string, std::string> before;
  {
    Store store(dir.path());
    for (const TestBatch& batch : batches) store.take(batch);
    REQUIRE(spans(store.state).size() == 1);
    CHECK(spans(store.state)[0].from == from);
    CHECK(spans(store.state)[0].to == to);
    const auto& fold = store.state.fold();
    CHECK(fold.next_deadline(fold.find("lives")).at > to + 30'000);  // the beats that it missed are not held against it
    before = everything(store.state);
  }
  Store again(dir.path());
  CHECK(everything(again.state) == before);
  log.time += second;
  log.broker_event("log.gap", base::to_wire(base::log_time(start_time)) + second, log.time - 2 * second);
  again.take(log.cut());
  CHECK(spans(again.state).size() == 1);
  CHECK(spans(again.state)[0].blind == to - from);
}

TEST_CASE("backfill that is sent again counts once, also for a run or an agent that has no row", "[recorder]") {
  const TempDir dir;
  const auto spooled = [](std::string_view agent, std::uint64_t run_seq, std::uint64_t age_ms) {
    wire::Beat beat;
    beat.agent_id = agent;
    beat.run = 3;
    beat.run_seq = run_seq;
    beat.age_ms = age_ms;
    return beat;
  };
  LogScript log;
  {
    Store store(dir.path());
    log.beat("known", 8, 1);
    log.beats({spooled("known", 1, 9000), spooled("gone", 1, 9000), spooled("gone", 2, 8000)}, wire::Kind::backfill);
    log.beats({spooled("gone", 1, 9000)}, wire::Kind::backfill);  // in the batch that holds the first
    store.take(log.cut());
    CHECK(store.state.position().total_heartbeats == 4);
  }
  Store store(dir.path());
  log.time += second;
  log.beats({spooled("known", 1, 10'000), spooled("gone", 2, 9000), spooled("gone", 3, 8000)}, wire::Kind::backfill);
  store.take(log.cut());
  CHECK(store.state.position().total_heartbeats == 5);
  auto txn = store.env.begin_read();
  REQUIRE(txn.ok());
  int stored = 0;
  Cursor cursor(*txn, Table::backfill);
  for (bool more = cursor.first(); more; more = cursor.next()) ++stored;
  CHECK(stored == 4);
}

TEST_CASE("beats that were sent live and come again in a spool, two starts later, count once", "[recorder]") {
  const TempDir dir;
  LogScript log;
  Store store(dir.path());
  std::vector<wire::Beat> spool;
  for (std::uint64_t n = 1; n <= 4; ++n) {
    if (n != 3) log.beat("a", 3, n);
    wire::Beat beat;
    beat.agent_id = "a";
    beat.run = 3;
    beat.run_seq = n;
    beat.age_ms = 9000;
    spool.push_back(beat);
  }
  log.beat("a", 4, 1);
  log.beat("a", 5, 1);
  log.beats(spool, wire::Kind::backfill);
  store.take(log.cut());
  CHECK(store.state.position().total_heartbeats == 6);  // the third was lost on its way, and is new
}

TEST_CASE("what is reopened equals a straight replay of the log", "[recorder]") {
  for (unsigned seed = 1; seed <= 5; ++seed) {
    INFO("seed " << seed);
    const TempDir dir;
    const auto batches = life(seed, 400);
    {
      Store store(dir.path());
      for (std::size_t i = 0; i < batches.size();) {
        std::deque<Work> works;
        for (std::size_t n = 0; n < 8 && i < batches.size(); ++n) works.push_back(store.apply(batches[i++]));
        REQUIRE(store.commit(std::move(works)).fault == Fault::none);
      }
      CHECK(store.state.sweeps() > 1);
      CHECK(everything(store.state) == everything(replay_straight(batches)));
    }
    const Store again(dir.path());
    CHECK(again.state.position().sweep_from > 0);
    CHECK(everything(again.state) == everything(replay_straight(batches)));
  }
}

TEST_CASE("stopping after any batch and going on gives the same as never stopping", "[recorder]") {
  const TempDir dir;
  const auto batches = life(99, 240);
  std::size_t done = 0;
  std::mt19937 random(7);
  while (done < batches.size()) {
    Store store(dir.path());
    INFO("reopened after " << done << " batches");
    REQUIRE(everything(store.state) ==
            everything(replay_straight({batches.begin(), batches.begin() + static_cast<long>(done)})));
    for (auto n = 1 + random() % 30; n > 0 && done < batches.size();) {
      std::deque<Work> works;
      for (auto group = 1 + random() % 4; group > 0 && n > 0 && done < batches.size(); --group, --n) {
        works.push_back(store.apply(batches[done++]));
      }
      REQUIRE(store.commit(std::move(works)).fault == Fault::none);
    }
  }
  const auto report = check(dir.path());
  REQUIRE(report.ok());
  CHECK(report->faults == std::vector<std::string>{});
}

TEST_CASE("a recorder that is killed loses nothing that was committed", "[recorder]") {
  const auto batches = life(5, 2000);
  for (const std::size_t kill_after : {std::size_t{3}, std::size_t{120}, std::size_t{700}}) {
    const TempDir dir;
    int pipe_ends[2];
    REQUIRE(::pipe(pipe_ends) == 0);
    const pid_t child = ::fork();
    if (child == 0) {
      Store store(dir.path());
      for (const auto& batch : batches) {
        std::deque<Work> works;
        works.push_back(store.state.apply(batch.header, batch.payload).value());
        const std::uint64_t seq = works.back().position.seq;
        if (store.commit(std::move(works)).fault != Fault::none) ::_exit(1);
        if (::write(pipe_ends[1], &seq, sizeof seq) != sizeof seq) ::_exit(1);
      }
      ::_exit(0);
    }
    ::close(pipe_ends[1]);
    std::uint64_t told = 0, seq = 0;
    for (std::size_t i = 0; i < kill_after && ::read(pipe_ends[0], &seq, sizeof seq) == sizeof seq; ++i) told = seq;
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(pipe_ends[0]);

    const Store store(dir.path());
    CHECK(store.state.position().seq >= told);
    CHECK(everything(store.state) == everything(replay_straight(first(batches, store.state.position().seq))));
    const auto report = check(dir.path());
    REQUIRE(report.ok());
    CHECK(report->faults == std::vector<std::string>{});
  }
}

}  // namespace lifesign::recorder::test
