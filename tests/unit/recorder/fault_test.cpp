#include <lmdb.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <fstream>
#include <random>

#include "net/data_dir.h"
#include "recorder/check.h"
#include "recorder/data_file.h"
#include "recorder/history_queries.h"
#include "tests/unit/recorder/fixture.h"

namespace lifesign::recorder::test {
namespace {

using Mode = EnvironmentStore::Mode;
using Catch::Matchers::Contains;

std::string open_error(const std::filesystem::path& folder, Mode mode = Mode::write) {
  auto env = EnvironmentStore::open(folder, 64 << 20, mode);
  return env.ok() ? "" : env.error().message;
}

// Batches until the store will take no more; the last one is not in it.
std::vector<TestBatch> fill(Store& store, LogScript& log, CommitResult& last) {
  std::vector<TestBatch> batches;
  const std::string reason(200, 'x');
  for (last = {}; last.fault == Fault::none && batches.size() < 100'000;) {
    std::vector<wire::Beat> beats(100);
    for (auto& beat : beats) {
      beat.agent_id = "agent";
      beat.busy_for_ms = 5;
      beat.busy_reason = reason;
    }
    log.time += second;
    log.beats(beats);
    batches.push_back(log.cut());
    std::deque<Work> works;
    works.push_back(store.apply(batches.back()));
    last = store.commit(std::move(works));
  }
  return batches;
}

void change_value(const std::filesystem::path& folder, const char* table, const std::string& key,
                  const std::function<std::string(std::string)>& change) {
  MDB_env* env = nullptr;
  MDB_txn* txn = nullptr;
  MDB_dbi dbi = 0;
  REQUIRE(mdb_env_create(&env) == 0);
  mdb_env_set_maxdbs(env, 8);
  REQUIRE(mdb_env_open(env, folder.c_str(), 0, 0600) == 0);
  REQUIRE(mdb_txn_begin(env, nullptr, 0, &txn) == 0);
  REQUIRE(mdb_dbi_open(txn, table, 0, &dbi) == 0);
  MDB_val k{key.size(), const_cast<char*>(key.data())}, v{};
  REQUIRE(mdb_get(txn, dbi, &k, &v) == 0);
  const std::string changed = change({static_cast<const char*>(v.mv_data), v.mv_size});
  v = {changed.size(), const_cast<char*>(changed.data())};
  REQUIRE(mdb_put(txn, dbi, &k, &v, 0) == 0);
  REQUIRE(mdb_txn_commit(txn) == 0);
  mdb_env_close(env);
}

int wait_for(pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

}  // namespace

TEST_CASE("a full database refuses, keeps serving reads, and goes on when its bound is raised", "[recorder]") {
  const TempDir dir;
  LogScript log;
  std::vector<TestBatch> batches;
  {
    Store store(dir.path(), 1 << 20);
    CommitResult last;
    batches = fill(store, log, last);
    REQUIRE(last.fault == Fault::full);
    CHECK_THAT(last.message, Contains("recorder.max_size"));
    auto txn = store.env.begin_read();
    REQUIRE(txn.ok());
    QueryParams params;
    params.agent_id = "agent";
    CHECK(query_beats(*txn, params).ok());
    CHECK(check(dir.path())->sound());
  }
  Store store(dir.path(), 4 << 20);
  CHECK(store.state.position().seq == batches.back().header.first_seq - 1);
  store.take(batches.back());
  CHECK(everything(store.state) == everything(replay_straight(batches)));
}

TEST_CASE("a disk without room leaves nothing half-written", "[recorder]") {
  const TempDir dir;
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{600'000, 600'000};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    Store store(dir.path());
    LogScript log;
    CommitResult last;
    fill(store, log, last);
    ::_exit(last.fault == Fault::full ? 0 : 1);
  }
  REQUIRE(wait_for(child) == 0);
  Store store(dir.path());
  LogScript log(1, store.state.position().seq + 1);
  log.time = base::to_wire(store.state.position().time) + second;
  log.beat("agent");
  store.take(log.cut());
  CHECK(check(dir.path())->faults == std::vector<std::string>{});
}

TEST_CASE("a database of a newer format is refused and both versions are named", "[recorder]") {
  const TempDir dir;
  { const Store store(dir.path()); }
  change_value(dir.path(), "meta", "format", [](const std::string&) {
    std::string payload;
    wire::Writer(payload).u64(9);
    return seal("format", payload);
  });
  CHECK_THAT(open_error(dir.path()), Contains("version 9") && Contains("up to 1"));
  CHECK_THAT(check(dir.path()).error().message, Contains("version 9"));
}

TEST_CASE("a cut file is refused and does not kill the reader", "[recorder]") {
  const TempDir dir;
  {
    Store store(dir.path());
    LogScript log;
    for (int i = 0; i < 300; ++i) {
      log.time += second;
      log.beat("agent-" + std::to_string(i));
      store.take(log.cut());
    }
  }
  const auto file = dir.path() / "data.mdb";
  const auto whole = std::filesystem::file_size(file);
  for (const auto size : {whole / 2, std::uintmax_t{8192}, std::uintmax_t{5000}, std::uintmax_t{100}}) {
    std::filesystem::resize_file(file, size);
    INFO(size << " of " << whole << " bytes");
    CHECK_THAT(open_error(dir.path()), Contains("data.mdb") && Contains("restore"));
    CHECK_FALSE(check(dir.path()).ok());
  }
  std::ofstream(file, std::ios::trunc) << std::string(20'000, 'z');
  CHECK_THAT(open_error(dir.path()), Contains("LMDB"));
}

TEST_CASE("a sound file is never taken for a cut one", "[recorder]") {
  std::mt19937 random(11);
  const TempDir dir;
  Store store(dir.path());
  int short_files = 0;
  for (int i = 0; i < 400; ++i) {
    auto txn = store.env.begin_write();
    REQUIRE(txn.ok());
    for (int k = 0; k < 6; ++k) {
      const std::string key = be64(random() % 40);
      if (random() % 3 == 0) {
        const int rc = txn->erase(Table::backfill, key);
        REQUIRE((rc == 0 || rc == MDB_NOTFOUND));
      } else {
        REQUIRE(txn->put(Table::backfill, key, std::string(random() % 30'000, 'v')) == 0);
      }
    }
    REQUIRE(txn->commit() == 0);
    const auto inspected = inspect_data_file(dir.path() / "data.mdb");
    INFO(i << ": " << (inspected.ok() ? "" : inspected.error().message));
    REQUIRE(inspected.ok());
    short_files += inspected->bytes < inspected->promised ? 1 : 0;
  }
  CHECK(short_files > 0);  // those that the list of free pages had to speak for
}

TEST_CASE("damage is found by check and named, and refused at start", "[recorder]") {
  const TempDir dir;
  {
    Store store(dir.path());
    LogScript log;
    log.beat("web-1");
    log.goodbye("web-1");
    store.take(log.cut());
    log.time += second;
    log.beat("web-2");
    store.take(log.cut());
  }
  CHECK(check(dir.path())->sound());
  const auto flip = [](std::string value) {
    value.back() = static_cast<char>(value.back() ^ 1);
    return value;
  };
  change_value(dir.path(), "events", be64(2), flip);
  auto report = check(dir.path());
  REQUIRE(report.ok());
  REQUIRE(report->faults.size() == 1);
  CHECK_THAT(report->faults[0], Contains("event 2") && Contains("checksum"));
  change_value(dir.path(), "log", be64(1), flip);
  report = check(dir.path());
  REQUIRE(report->faults.size() >= 2);
  CHECK_THAT(report->faults[0], Contains("chunk at seq 1"));

  auto env = EnvironmentStore::open(dir.path(), 64 << 20, Mode::write);
  REQUIRE(env.ok());
  auto keys = KeyStore::open(*env);
  REQUIRE(keys.ok());
  State state({}, (*keys)->lookup());
  const auto recovered = recover(*env, state);
  REQUIRE_FALSE(recovered.ok());
  CHECK(recovered.error().code == base::Code::storage_failed);
  CHECK_THAT(recovered.error().message, Contains("seq 1") && Contains("check"));
}

TEST_CASE("a value under another's key is damage too", "[recorder]") {
  Bytes payload;
  const std::string sealed = seal("a", "x");
  CHECK(unseal("a", sealed, payload));
  CHECK(payload == "x");
  CHECK_FALSE(unseal("b", sealed, payload));
  CHECK_FALSE(unseal("a", "abc", payload));
  CHECK(crc32c("123456789") == 0xe3069283);
}

TEST_CASE("what a start that was cut short left aside is gone after the next", "[recorder]") {
  const TempDir dir;
  { Store store(dir.path()); }
  const auto aside = dir.path() / "new";
  std::filesystem::create_directory(aside);
  std::ofstream(aside / "data.mdb") << "half";
  Store store(dir.path());
  CHECK_FALSE(std::filesystem::exists(aside));
}

TEST_CASE("a folder that cannot be written to is refused with its path", "[recorder]") {
  const TempDir dir;
  { const Store store(dir.path()); }
  ::chmod(dir.path().c_str(), 0555);
  ::chmod((dir.path() / "data.mdb").c_str(), 0444);
  ::chmod((dir.path() / "lock.mdb").c_str(), 0444);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::getuid() == 0 && ::setuid(65534) != 0) ::_exit(2);
    const std::string error = open_error(dir.path());
    ::_exit(error.find(dir.path().string()) != std::string::npos && error.find("ermission") != std::string::npos ? 0
                                                                                                                 : 1);
  }
  CHECK(wait_for(child) == 0);
  ::chmod(dir.path().c_str(), 0755);
}

TEST_CASE("a second recorder on the same folder is refused", "[recorder]") {
  const TempDir dir;
  auto data = net::DataDir::open(dir.path());
  REQUIRE(data.ok());
  const auto first = net::ProcessLock::take(*data, "recorder");
  REQUIRE(first.ok());
  CHECK_FALSE(net::ProcessLock::take(*data, "recorder").ok());
}

}  // namespace lifesign::recorder::test
