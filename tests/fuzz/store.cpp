// The recorder's database with anything in it. The input is a list of changes to the records of a sound one: payloads
// replaced or patched and sealed again, values with no seal, records left out and added. Check, start, queries and the
// going on must each end in success or an error; and what check calls sound, the recorder starts with and goes on from.
#include <map>

#include "recorder/check.h"
#include "recorder/commit_store.h"
#include "recorder/key_store.h"
#include "recorder/recovery.h"
#include "recorder_answers.h"
#include "sample_log.h"
#include "scratch.h"
#include "target.h"

namespace lifesign::fuzz {
namespace {

using recorder::EnvironmentStore;
using recorder::Table;

using Key = std::pair<Table, std::string>;
using Records = std::map<Key, std::string>;  // to the value, as stored

constexpr std::size_t longest_key = 500;  // LMDB's own bound is 511

// One database for all inputs: a new one for each would cost ten times what the rest does.
struct Database {
  ScratchFolder folder;
  EnvironmentStore env = open();
  std::vector<SampleBatch> log = sample_log();
  Records sound;

  Database() {
    recorder::State state({}, [](std::string_view) -> std::optional<std::uint64_t> { return std::nullopt; });
    std::deque<recorder::Work> works;
    for (std::size_t i = 0; i + 1 < log.size(); ++i) {
      auto work = state.apply(log[i].header, log[i].payload);
      LIFESIGN_ASSERT(work.ok(), "the sample is refused: {}", work.error().message);
      works.push_back(std::move(work).value());
    }
    LIFESIGN_ASSERT(recorder::CommitStore(env, 0).commit(works).fault == recorder::Fault::none, "no commit");
    sound = read();
    sound.erase({Table::meta, "format"});
  }

  EnvironmentStore open() {
    auto opened = EnvironmentStore::open(folder.path(), 64 << 20, EnvironmentStore::Mode::write);
    LIFESIGN_ASSERT(opened.ok(), "{}", opened.error().message);
    return std::move(opened).value();
  }

  Records read() const {
    Records out;
    auto txn = env.begin_read();
    for (std::size_t i = 0; i < static_cast<std::size_t>(Table::count_); ++i) {
      recorder::Cursor cursor(*txn, static_cast<Table>(i));
      for (bool more = cursor.first(); more; more = cursor.next())
        out[{static_cast<Table>(i), std::string(cursor.key())}] = cursor.value();
    }
    return out;
  }

  void write(const Records& records) {
    auto txn = env.begin_write();
    for (const auto& [key, value] : read())
      if (key.second != "format" || key.first != Table::meta) txn->erase(key.first, key.second);
    for (const auto& [key, value] : records) txn->put(key.first, key.second, value);
    LIFESIGN_ASSERT(txn->commit() == 0, "the records cannot be written");
  }
};

std::string sealed(const Key& key, std::string_view payload) {
  return key.first == Table::keys ? std::string(payload) : recorder::seal(key.second, payload);
}

void change(Records& records, Input& parts) {
  const std::uint8_t what = parts.byte();
  const std::uint8_t which = parts.byte();
  if (what % 6 == 5 || records.empty()) {
    Key key{static_cast<Table>(which % static_cast<std::uint8_t>(Table::count_)), parts.part().substr(0, longest_key)};
    const std::string_view payload = parts.part();
    if (!key.second.empty() && key != Key{Table::meta, "format"}) records[key] = sealed(key, payload);
    return;
  }
  const auto record = std::next(records.begin(), which % static_cast<std::ptrdiff_t>(records.size()));
  const auto& [key, value] = *record;
  const std::size_t seal_bytes = key.first == Table::keys ? 0 : 4;
  std::string payload = value.size() < seal_bytes ? value : value.substr(seal_bytes);
  const std::size_t at = payload.empty() ? 0 : parts.byte() * payload.size() / 256;
  switch (what % 6) {
    case 0:
      record->second = sealed(key, parts.part());
      break;
    case 1:
    case 2: {
      const std::string_view patch = parts.part();
      record->second = sealed(key, payload.replace(at, std::min(patch.size(), payload.size() - at), patch));
      break;
    }
    case 3:
      record->second = parts.part();
      break;
    default:
      records.erase(record);
  }
}

}  // namespace

void run(std::string_view input) {
  static Database database;
  Records records = database.sound;
  Input parts(input);
  for (int changes = 0; !parts.empty() && changes < 20; ++changes) change(records, parts);
  database.write(records);

  const auto report = recorder::check(database.folder.path());
  LIFESIGN_ASSERT(report.ok(), "check could not go on: {}", report.error().message);
  {
    const auto txn = database.env.begin_read();
    ask_disk(*txn);
  }
  auto keys = recorder::KeyStore::open(database.env);
  LIFESIGN_ASSERT(keys.ok(), "{}", keys.error().message);
  recorder::State state({}, (*keys)->lookup());
  const auto recovered = recorder::recover(database.env, state);
  LIFESIGN_ASSERT(recovered.ok() || !report->sound(), "it is sound, and does not start: {}", recovered.error().message);
  if (!recovered.ok()) return;
  ask_memory(state);
  recorder::CommitStore sink(database.env, recovered->next_seq);
  std::deque<recorder::Work> works;
  auto work = state.apply(database.log.back().header, database.log.back().payload);
  if (!work.ok() || work->entries.empty() || !(*keys)->status().ok()) return;
  works.push_back(std::move(work).value());
  const auto committed = sink.commit(works);
  LIFESIGN_ASSERT(committed.fault == recorder::Fault::none || !report->sound(), "it is sound, and does not go on: {}",
                  committed.message);
  ask_memory(state);
}

}  // namespace lifesign::fuzz
