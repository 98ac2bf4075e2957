// Damage that no disk makes by itself, and a fuzzer does: what is read of it must end, in bounded memory.
#include <cstring>
#include <fstream>

#include "recorder/check.h"
#include "recorder/chunk.h"
#include "recorder/data_file.h"
#include "recorder/history_queries.h"
#include "tests/unit/recorder/fixture.h"
#include "wire/writer.h"

namespace lifesign::recorder::test {
namespace {

using Catch::Matchers::Contains;

constexpr std::size_t page_bytes = 4096;

template <class T>
void store(std::string& file, std::size_t at, T value) {
  std::memcpy(file.data() + at, &value, sizeof value);
}

// Two meta pages, whose list of free pages begins at page 2, and `pages` more.
std::string data_file(std::size_t pages, std::uint64_t last_page) {
  std::string file((2 + pages) * page_bytes, '\0');
  for (const std::size_t meta : {std::size_t{0}, page_bytes}) {
    store<std::uint16_t>(file, meta + 10, 0x08);
    store<std::uint32_t>(file, meta + 16, 0xbeefc0de);
    store<std::uint32_t>(file, meta + 20, 1);
    store<std::uint32_t>(file, meta + 40, page_bytes);
    store<std::uint64_t>(file, meta + 80, 2);
    store<std::uint64_t>(file, meta + 136, last_page);
  }
  return file;
}

base::Result<DataFile> inspect(const std::string& bytes) {
  const TempDir dir;
  std::ofstream(dir.path() / "data.mdb", std::ios::binary) << bytes;
  return inspect_data_file(dir.path() / "data.mdb");
}

}  // namespace

TEST_CASE("a list of free pages that leads to the same pages over and over is damage and soon found", "[recorder]") {
  constexpr std::size_t levels = 20, children = 100;
  std::string file = data_file(levels, 100);
  for (std::size_t level = 0; level < levels; ++level) {
    const std::size_t page = (2 + level) * page_bytes;
    const bool last = level + 1 == levels;
    store<std::uint16_t>(file, page + 10, last ? 0x02 : 0x01);  // a leaf, or a branch
    store<std::uint16_t>(file, page + 12, static_cast<std::uint16_t>(last ? 16 : 16 + 2 * children));
    for (std::size_t i = 0; !last && i < children; ++i) store<std::uint16_t>(file, page + 16 + 2 * i, 1024);
    store<std::uint16_t>(file, page + 1024, static_cast<std::uint16_t>(3 + level));  // each child is the next page
  }
  const auto inspected = inspect(file);
  REQUIRE_FALSE(inspected.ok());
  CHECK_THAT(inspected.error().message, Contains("cut"));
}

TEST_CASE("a data file that promises more than there can be is damaged", "[recorder]") {
  for (const std::uint64_t last_page : {~std::uint64_t{0}, std::uint64_t{1} << 52}) {
    const auto inspected = inspect(data_file(1, last_page));
    REQUIRE_FALSE(inspected.ok());
    CHECK_THAT(inspected.error().message, Contains("promises"));
  }
}

TEST_CASE("bytes behind a stored event are damage, and never part of an answer", "[recorder]") {
  const TempDir dir;
  Store store(dir.path());
  LogScript log;
  log.beat("web-1", 1, 1);
  const auto seq = log.goodbye("web-1", 1);
  store.take(log.cut());
  {
    auto txn = store.env.begin_write();
    const auto event = txn->get_sealed(Table::events, be64(seq));
    REQUIRE(txn->put(Table::events, be64(seq), seal(be64(seq), std::string(event->value()) + "\xC1")) == 0);
    REQUIRE(txn->commit() == 0);
  }
  const auto report = check(dir.path());
  REQUIRE(report->faults.size() == 1);
  CHECK_THAT(report->faults[0], Contains("behind event 2"));
  const auto txn = store.env.begin_read();
  CHECK_FALSE(query_events(*txn, {}).ok());
}

TEST_CASE("an entry that holds more items than it has seqs is refused, and nothing of it is applied", "[recorder]") {
  std::string body, payload;
  wire::Writer writer(body);
  wire::write_goodbye(writer.array(2), {"web-1", 1, {}});
  wire::write_goodbye(writer, {"web-2", 1, {}});
  wire::append_entry(payload, {wire::Kind::goodbye, 1, 1, base::log_time(start_time), 1, {}, body});
  State state({}, [](std::string_view) -> std::optional<std::uint64_t> { return std::nullopt; });
  const auto work = state.apply({.broker_run = 1, .first_seq = 1, .next_seq = 2}, payload);
  REQUIRE_FALSE(work.ok());
  CHECK_THAT(work.error().message, Contains("seq 1 does not hold 1 items"));
  CHECK(state.position().seq == 0);
}

TEST_CASE("repeats of a chunk that are out of order are damage: they would not be found", "[recorder]") {
  ChunkHeader header{.broker_run = 1, .first_seq = 5, .next_seq = 9};
  Chunk chunk;
  header.repeats = {1, 3};
  CHECK(decode_chunk(5, encode_chunk(header, {}), chunk).ok());
  header.repeats = {3, 1};
  CHECK_FALSE(decode_chunk(5, encode_chunk(header, {}), chunk).ok());
}

}  // namespace lifesign::recorder::test
