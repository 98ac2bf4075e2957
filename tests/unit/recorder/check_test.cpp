// A check beside a recorder that goes on, piece by piece; and what it says of what does not fit together.
#include "recorder/check.h"

#include "tests/unit/recorder/fixture.h"

namespace lifesign::recorder::test {
namespace {

using Catch::Matchers::Contains;

// Something of everything, of agents whose ids lie all over the order of keys. `i` tells one batch from the next.
void write(LogScript& log, unsigned i) {
  const std::string id = fmt::format("{:02}-agent", i * 37 % 100);
  log.time += second;
  const auto evidence = log.beat(id, 1, i + 1);
  log.verdict("agent.timeout", id, evidence, 2, log.time);
  wire::Beat late;
  late.agent_id = id;
  late.age_ms = 5'000;
  late.run = 2;
  late.run_seq = i + 1;
  log.beats({late}, wire::Kind::backfill);
  log.goodbye(id, 1);
  if (i % 3 == 0) log.command("agent.forgotten", fmt::format("{:02}-agent", (i + 90) * 37 % 100));
}

void put(Store& store, Table table, const std::string& key, const std::string& value) {
  auto txn = store.env.begin_write();
  REQUIRE(txn.ok());
  REQUIRE(txn->put(table, key, value) == 0);
  REQUIRE(txn->commit() == 0);
}

}  // namespace

TEST_CASE("a check beside a recorder that writes finds no fault and counts what was there when it began",
          "[recorder]") {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{512}}) {
    INFO(piece << " records in each snapshot");
    const TempDir dir;
    Store store(dir.path());
    LogScript log;
    unsigned i = 0;
    for (; i < 60; ++i) {
      write(log, i);
      store.take(log.cut());
    }
    const auto alone = check(dir.path());
    REQUIRE(alone.ok());
    REQUIRE(alone->faults == std::vector<std::string>{});
    const auto beside = check(dir.path(), {.records_per_snapshot = piece, .between = [&] {
                                             write(log, i++);
                                             store.take(log.cut());
                                           }});
    REQUIRE(beside.ok());
    CHECK(i > 66);  // it wrote beside each table at least
    CHECK(beside->faults == std::vector<std::string>{});
    CHECK(beside->position == alone->position);
    CHECK(beside->chunks == alone->chunks);
    CHECK(beside->log_bytes == alone->log_bytes);
    CHECK(beside->entries == alone->entries);
    CHECK(beside->beats == alone->beats);
    CHECK(beside->events == alone->events);
    CHECK(beside->keys == alone->keys);
    CHECK(beside->backfill == alone->backfill);
  }
}

TEST_CASE("a check of any piece size finds the same damage", "[recorder]") {
  const TempDir dir;
  Store store(dir.path());
  LogScript log;
  for (unsigned i = 0; i < 20; ++i) {
    write(log, i);
    store.take(log.cut());
  }
  put(store, Table::log, be64(1), "short");
  put(store, Table::agents, "05-agent", "not a row at all");
  put(store, Table::keys, "a key", be64(1'000'000));
  const auto whole = check(dir.path());
  REQUIRE(whole.ok());
  CHECK(whole->fault_count >= 3);
  for (const std::size_t piece : {1u, 2u, 3u, 5u}) CHECK(check(dir.path(), {piece})->faults == whole->faults);
}

TEST_CASE("what lies past the position is a fault", "[recorder]") {
  const TempDir dir;
  Store store(dir.path());
  LogScript log;
  write(log, 1);
  store.take(log.cut());
  std::string event;
  wire::Writer(event).map(4).field("type", "fleet.blind").field("seq", 999).field("time", 1).field("prev", 0);
  put(store, Table::events, be64(999), seal(be64(999), event));
  const auto report = check(dir.path());
  REQUIRE(report.ok());
  REQUIRE(report->faults.size() == 1);
  CHECK_THAT(report->faults[0], Contains("events") && Contains("seq 999") && Contains("position"));
}

TEST_CASE("a position that cannot be read is named once, and the rest is checked without it", "[recorder]") {
  const TempDir dir;
  Store store(dir.path());
  LogScript log;
  for (unsigned i = 0; i < 5; ++i) {
    write(log, i);
    store.take(log.cut());
  }
  const auto before = check(dir.path());
  put(store, Table::meta, std::string(Position::key), "not sealed");
  const auto report = check(dir.path(), {1});
  REQUIRE(report.ok());
  REQUIRE(report->faults.size() == 1);
  CHECK_THAT(report->faults[0], Contains("meta") && Contains("checksum"));
  CHECK(report->events == before->events);
  CHECK(report->chunks == before->chunks);
}

}  // namespace lifesign::recorder::test
