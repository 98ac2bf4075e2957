// Readers of the database in other processes: what they pin, and what becomes of it when they die.
#include <spdlog/sinks/null_sink.h>
#include <sys/wait.h>

#include "recorder/check.h"
#include "recorder/recorder_process.h"
#include "tests/unit/recorder/fixture.h"

namespace lifesign::recorder::test {
namespace {

using Catch::Matchers::Contains;

// A process of its own that holds a snapshot of the database until it is told to die, without a word to LMDB.
class OtherReader {
 public:
  explicit OtherReader(const std::filesystem::path& folder) {
    int ready[2], end[2];
    REQUIRE(::pipe(ready) == 0);
    REQUIRE(::pipe(end) == 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(end[1]);
      auto env = EnvironmentStore::open(folder, 0, EnvironmentStore::Mode::read_only);
      if (!env.ok()) ::_exit(1);
      auto txn = env->begin_read();
      char byte = txn.ok() ? 'y' : 'n';
      if (::write(ready[1], &byte, 1) != 1) ::_exit(1);
      if (::read(end[0], &byte, 1) < 0) ::_exit(1);
      ::_exit(0);
    }
    ::close(ready[1]);
    ::close(end[0]);
    end_ = end[1];
    char byte = 'n';
    REQUIRE(::read(ready[0], &byte, 1) == 1);
    ::close(ready[0]);
    REQUIRE(byte == 'y');
  }
  ~OtherReader() { die(); }
  void die() {
    if (end_ < 0) return;
    ::close(std::exchange(end_, -1));
    ::waitpid(pid_, nullptr, 0);
  }
  int pid() const { return pid_; }
  // Its slot, if it has one.
  std::optional<Reader> slot(const EnvironmentStore& env) const {
    for (const Reader& reader : env.readers()) {
      if (reader.pid == pid_) return reader;
    }
    return std::nullopt;
  }

 private:
  pid_t pid_ = -1;
  int end_ = -1;
};

// What a recorder says that will not start on this data folder.
std::string start_error(const std::filesystem::path& folder) {
  RecorderSettings settings;
  settings.port = 0;
  auto data = net::DataDir::open(folder);
  if (!data.ok()) return data.error().message;
  auto log = std::make_shared<telemetry::Log>("test", std::make_shared<spdlog::sinks::null_sink_mt>());
  auto made = RecorderProcess::make(settings, std::move(data).value(), log);
  return made.ok() ? "" : made.error().message;
}

// `n` commits of a beat each, and by how many bytes the file's used part grew.
std::uint64_t growth(Store& store, LogScript& log, int n) {
  const std::uint64_t before = store.env.used_bytes();
  for (int i = 0; i < n; ++i) {
    log.time += second;
    log.beat("web-1");
    store.take(log.cut());
  }
  return store.env.used_bytes() - before;
}

}  // namespace

TEST_CASE("a reader that died pins no pages for longer than a few commits", "[recorder]") {
  const TempDir dir;
  Store store(dir.path());
  LogScript log;
  growth(store, log, 200);
  const std::uint64_t free_growth = growth(store, log, 200);
  OtherReader reader(dir.path());
  REQUIRE(reader.slot(store.env).has_value());
  CHECK(reader.slot(store.env)->snapshot == store.env.last_commit());
  CHECK(growth(store, log, 200) > 3 * free_growth);  // while it lives every page is kept for it
  CHECK(reader.slot(store.env)->snapshot == store.env.last_commit() - 200);
  reader.die();
  CHECK(reader.slot(store.env).has_value());
  growth(store, log, 20);
  CHECK_FALSE(reader.slot(store.env).has_value());
  CHECK(growth(store, log, 200) <= free_growth);  // what was kept for it is used again
}

TEST_CASE("a verdict that comes again is known even when others hold every reader slot", "[recorder]") {
  const TempDir dir;
  Store store(dir.path());
  LogScript log;
  const auto evidence = log.beat("web-1");
  log.verdict("agent.timeout", "web-1", evidence, 2, log.time);
  store.take(log.cut());
  std::vector<Txn> others;
  for (bool taken = true; taken;) {
    auto txn = store.env.begin_read();
    taken = txn.ok();
    if (taken) others.push_back(std::move(txn).value());
  }
  REQUIRE_THAT(store.env.begin_read().error().message, Contains("all 126 reader slots") && Contains("end some"));
  REQUIRE_THAT(KeyStore::open(store.env).error().message, Contains("all 126 reader slots"));
  log.verdict("agent.timeout", "web-1", evidence, 2, log.time);
  store.take(log.cut());
  CHECK(store.state.position().missed_heartbeats == 1);
  CHECK(store.keys->status().ok());
}

TEST_CASE("looking keys up pins no pages", "[recorder]") {
  const TempDir dir;
  Store store(dir.path());
  LogScript log;
  log.verdict("agent.timeout", "web-1", log.beat("web-1"), 2, log.time);
  store.take(log.cut());
  CHECK(store.keys->lookup()("no such key") == std::nullopt);
  REQUIRE(store.env.readers().size() == 1);
  CHECK(store.env.readers()[0].pid == ::getpid());
  CHECK(store.env.readers()[0].snapshot == std::nullopt);
}

TEST_CASE("a key that cannot be looked up is a failure and never a new key", "[recorder]") {
  const TempDir dir;
  LogScript log;
  {
    Store store(dir.path() / "store");
    log.verdict("agent.timeout", "web-1", log.beat("web-1"), 2, log.time);
    const Work work = store.apply(log.cut());
    REQUIRE(work.events.size() == 1);
    store.commit({work});
    auto txn = store.env.begin_write();
    REQUIRE(txn.ok());
    REQUIRE(txn->put(Table::keys, work.events[0].key, "cut") == 0);
    REQUIRE(txn->commit() == 0);
    log.verdict("agent.timeout", "web-1", 1, 2, log.time);
    store.apply(log.cut());
    REQUIRE_FALSE(store.keys->status().ok());
    CHECK(store.keys->status().error().code == base::Code::storage_failed);
    CHECK_THAT(store.keys->status().error().message, Contains("3 bytes") && Contains("lifesign check"));
  }
  CHECK_THAT(start_error(dir.path()), Contains("3 bytes"));
}

TEST_CASE("a check beside a recorder keeps no page from being used again", "[recorder]") {
  const TempDir dir;
  Store store(dir.path());
  LogScript log;
  growth(store, log, 300);
  const std::uint64_t free_growth = growth(store, log, 300);
  int commits = 0;
  std::uint64_t grown = 0;
  const auto report = check(dir.path(), {.records_per_snapshot = 1, .between = [&] {
                                           if (commits < 300) grown += growth(store, log, 1);
                                           ++commits;
                                         }});
  REQUIRE(report.ok());
  CHECK(report->faults == std::vector<std::string>{});
  REQUIRE(commits >= 300);
  CHECK(grown <= 2 * free_growth);
}

TEST_CASE("a check names a process that reads what is long past, and calls the database sound", "[recorder]") {
  const TempDir dir;
  Store store(dir.path());
  LogScript log;
  growth(store, log, 5);
  const OtherReader reader(dir.path());
  CHECK(check(dir.path(), {.commits_behind = 0})->notes == std::vector<std::string>{});
  growth(store, log, 5);
  CHECK(check(dir.path(), {.commits_behind = 5})->notes == std::vector<std::string>{});
  const auto report = check(dir.path(), {.commits_behind = 4});
  REQUIRE(report.ok());
  REQUIRE(report->notes.size() == 1);
  CHECK_THAT(report->notes[0], Contains(fmt::format("process {} reads", reader.pid())) && Contains("5 commits ago"));
  CHECK(report->sound());
}

}  // namespace lifesign::recorder::test
