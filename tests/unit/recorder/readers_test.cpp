// Readers of the database in other processes: what they pin, and what becomes of it when they die.
#include <sys/wait.h>

#include <algorithm>

#include "tests/unit/recorder/fixture.h"

namespace lifesign::recorder::test {
namespace {

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

}  // namespace lifesign::recorder::test
