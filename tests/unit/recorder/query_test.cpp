#include "recorder/check.h"
#include "recorder/history_queries.h"
#include "recorder/live_queries.h"
#include "tests/unit/recorder/answer.h"
#include "tests/unit/recorder/fixture.h"

namespace lifesign::recorder::test {
namespace {

template <class Query>
std::string ask_disk(Store& store, Query query, const QueryParams& params) {
  auto txn = store.env.begin_read();
  REQUIRE(txn.ok());
  auto result = query(*txn, params);
  if (!result.ok()) FAIL(result.error().message);
  return *result;
}

std::vector<std::uint64_t> seqs(const std::vector<std::string>& maps) {
  std::vector<std::uint64_t> out;
  for (const auto& map : maps) out.push_back(number(map, "seq"));
  return out;
}

// All pages of `agents`.
std::vector<std::string> all_agents(const State& state, QueryParams params) {
  std::vector<std::string> ids;
  std::string cursor;
  do {
    params.cursor = cursor;
    auto page = query_agents(state, params, 0);
    if (!page.ok()) FAIL(page.error().message);
    const auto agents = items(*page, "agents");
    CHECK(agents.size() <= params.limit);
    for (const auto& agent : agents) ids.push_back(text(agent, "agent_id"));
    cursor = cursor_of(*page);
  } while (!cursor.empty());
  return ids;
}

wire::Beat beat_of(std::string_view agent, std::uint64_t run, std::uint64_t run_seq, std::uint64_t age_ms = 0) {
  wire::Beat beat;
  beat.agent_id = agent;
  beat.run = run;
  beat.run_seq = run_seq;
  beat.age_ms = age_ms;
  return beat;
}

}  // namespace

TEST_CASE("a verdict's key is kept once: repeats change neither events nor totals nor the agent", "[recorder]") {
  const TempDir dir;
  Store store(dir.path());
  LogScript log;
  const auto evidence = log.beat("web-1");
  log.time += 60 * second;
  const auto verdict = log.verdict("agent.timeout", "web-1", evidence, 2, log.time);
  log.verdict("agent.timeout", "web-1", evidence, 2, log.time);  // in the same batch
  store.take(log.cut());
  const auto before = store.state.position();
  CHECK(before.missed_heartbeats == 1);
  log.verdict("agent.timeout", "web-1", evidence, 2, log.time);  // when it is on disk
  store.take(log.cut());
  CHECK(store.state.position().missed_heartbeats == before.missed_heartbeats);
  CHECK(seqs(items(ask_disk(store, query_events, {}), "events")) == std::vector<std::uint64_t>{verdict});
  const auto agent = raw_field(*query_agent(store.state, {.agent_id = "web-1"}, 0), "agent");
  CHECK(text(agent, "status") == "offline");
  CHECK(text(agent, "cause") == "silent");
  CHECK(number(agent, "missed_heartbeats") == 1);
  CHECK(number(agent, "status_since") == log.time);
}

TEST_CASE("beats of a span come in order of time, those sent later among them, and repeats once", "[recorder]") {
  const TempDir dir;
  Store store(dir.path());
  LogScript log;
  for (std::uint64_t i = 1; i <= 8; ++i) {
    log.time += 10 * second;
    log.beats({beat_of("web-1", 7, i * 2), beat_of("web-10", 7, i)});
    store.take(log.cut());
  }
  log.time += 10 * second;
  log.beats({beat_of("web-1", 7, 4)});  // a resend
  log.beats({beat_of("web-1", 7, 5, 65'000), beat_of("web-1", 7, 9, 45'000)}, wire::Kind::backfill);
  store.take(log.cut());

  QueryParams params{.agent_id = "web-1", .from = start_time + 20 * second, .to = start_time + 60 * second};
  auto beats = items(ask_disk(store, query_beats, params), "beats");
  std::vector<std::uint64_t> run_seqs, times;
  for (const auto& beat : beats) {
    run_seqs.push_back(number(beat, "run_seq"));
    times.push_back(number(beat, "time"));
  }
  CHECK(run_seqs == std::vector<std::uint64_t>{4, 5, 6, 8, 9, 10, 12});
  CHECK(std::is_sorted(times.begin(), times.end()));

  for (const std::size_t limit : {1u, 2u, 3u, 5u}) {
    std::vector<std::uint64_t> paged;
    std::string cursor;
    params.limit = limit;
    do {
      params.cursor = cursor;
      const auto page = ask_disk(store, query_beats, params);
      const auto some = items(page, "beats");
      CHECK(some.size() <= limit);
      for (const auto& beat : some) paged.push_back(number(beat, "run_seq"));
      cursor = cursor_of(page);
    } while (!cursor.empty());
    INFO("limit " << limit);
    CHECK(paged == run_seqs);
  }
  const auto agent = raw_field(*query_agent(store.state, {.agent_id = "web-1"}, 0), "agent");
  CHECK(number(agent, "total_heartbeats") == 10);
}

TEST_CASE("events since a seq come by type, by agent and in pages", "[recorder]") {
  const TempDir dir;
  Store store(dir.path());
  LogScript log;
  log.broker_event("broker.started", 0, log.time);  // 1
  log.beat("a");                                    // 2
  log.goodbye("a");                                 // 3
  store.take(log.cut());
  log.beat("b");                       // 4
  log.command("agent.expected", "c");  // 5
  log.tick();                          // 6
  log.goodbye("b");                    // 7
  store.take(log.cut());
  const auto events = [&](const QueryParams& params) {
    return seqs(items(ask_disk(store, query_events, params), "events"));
  };
  using Seqs = std::vector<std::uint64_t>;
  CHECK(events({}) == Seqs{1, 3, 5, 7});
  CHECK(events({.since = 3}) == Seqs{5, 7});
  CHECK(events({.until = 5}) == Seqs{1, 3, 5});
  CHECK(events({.types = {"agent.stopped"}}) == Seqs{3, 7});
  CHECK(events({.agent_id = "b"}) == Seqs{7});
  CHECK(events({.types = {"heartbeat.received"}}) == Seqs{2, 4});
  CHECK(events({.types = {"heartbeat.received", "agent.stopped", "agent.expected"}}) == Seqs{2, 3, 4, 5, 7});
  CHECK(events({.agent_id = "a", .types = {"heartbeat.received", "agent.stopped"}}) == Seqs{2, 3});

  const auto stopped = items(ask_disk(store, query_events, {.types = {"agent.stopped"}}), "events");
  CHECK(number(stopped[0], "prev") == 0);
  CHECK(number(stopped[1], "prev") == 3);

  for (const bool beats : {false, true}) {
    QueryParams params{.limit = 1};
    if (beats) params.types = {"heartbeat.received", "agent.stopped", "agent.expected", "broker.started"};
    Seqs paged;
    for (bool more = true; more;) {
      const auto page = ask_disk(store, query_events, params);
      for (const auto seq : seqs(items(page, "events"))) paged.push_back(seq);
      more = wire::find_u64(page, "next", params.since);
    }
    CHECK(paged == (beats ? Seqs{1, 2, 3, 4, 5, 7} : Seqs{1, 3, 5, 7}));
  }
}

TEST_CASE("a goodbye that is sent again is told once, also of an agent that has no row", "[recorder]") {
  const TempDir dir;
  LogScript log;
  {
    Store store(dir.path());
    log.beat("known", 3, 1);  // 1
    log.goodbye("known", 3);  // 2
    log.goodbye("gone", 3);   // 3
    log.goodbye("gone", 3);   // 4: in the batch that holds the first
    log.goodbye("known", 3);  // 5
    store.take(log.cut());
  }
  Store store(dir.path());
  log.goodbye("gone", 3);  // 6
  log.goodbye("gone", 4);  // 7: another start
  store.take(log.cut());
  CHECK(seqs(items(ask_disk(store, query_events, {.types = {"agent.stopped"}}), "events")) ==
        std::vector<std::uint64_t>{2, 3, 7});
  const auto checked = check(dir.path());
  REQUIRE(checked.ok());
  CHECK(checked->faults == std::vector<std::string>{});
}

TEST_CASE("agents come by status, label and prefix, in pages in order of id", "[recorder]") {
  const TempDir dir;
  Store store(dir.path());
  LogScript log;
  std::vector<std::string> db, web;
  for (int i = 0; i < 30; ++i) {
    for (const char* kind : {"db", "web"}) {
      wire::Registration r;
      r.agent_id = std::string(kind) + "-" + std::to_string(100 + i);
      r.labels = std::map<std::string, std::string>{{"kind", kind}, {"even", i % 2 == 0 ? "yes" : "no"}};
      log.registration(r);
      log.beat(r.agent_id);
      (kind[0] == 'd' ? db : web).push_back(r.agent_id);
      if (i < 5) log.goodbye(r.agent_id);
    }
  }
  store.take(log.cut());
  const State& state = store.state;
  std::vector<std::string> everyone = db;
  everyone.insert(everyone.end(), web.begin(), web.end());
  CHECK(all_agents(state, {.limit = 7}) == everyone);
  CHECK(all_agents(state, {.prefix = "web-", .limit = 4}) == web);
  CHECK(all_agents(state, {.labels = {{"kind", "db"}}, .limit = 1000}) == db);
  CHECK(all_agents(state, {.labels = {{"kind", "db"}, {"even", "yes"}}, .limit = 2}).size() == 15);
  CHECK(all_agents(state, {.status = liveness::Status::stopped, .limit = 3}).size() == 10);
  CHECK(all_agents(state, {.status = liveness::Status::stopped, .prefix = "db-104"}) ==
        std::vector<std::string>{"db-104"});
  CHECK(all_agents(state, {.status = liveness::Status::offline}).empty());

  const auto totals = *query_totals(state, 9);
  CHECK(number(totals, "total_heartbeats") == 60);
  CHECK(number(totals, "recorded") == 9);
  CHECK(number(raw_field(totals, "agents"), "stopped") == 10);
  CHECK(number(raw_field(totals, "agents"), "active") == 50);
}

TEST_CASE("the more labels an agent is compared by, the fewer one request looks at, and none is left out",
          "[recorder]") {
  State state({}, [](std::string_view) -> std::optional<std::uint64_t> { return std::nullopt; });
  LogScript log;
  std::map<std::string, std::string> labels;
  for (std::size_t i = 0; i < wire::limits::labels; ++i) labels[fmt::format("label-{:02}", i)] = "same";
  constexpr int agents = 2000;
  for (int i = 0; i < agents; ++i) {
    wire::Registration r;
    r.agent_id = fmt::format("agent-{:04}", i);
    r.labels = labels;
    if (i + 1 < agents) r.labels->rbegin()->second = "differs";  // seen only when all others have been compared
    log.registration(r);
  }
  const TestBatch batch = log.cut();
  REQUIRE(state.apply(batch.header, batch.payload).ok());
  QueryParams params;
  for (const auto& [name, value] : labels) params.labels.emplace_back(name, value);
  const auto page = query_agents(state, params, 0);
  REQUIRE(page.ok());
  CHECK(items(*page, "agents").empty());
  CHECK(cursor_of(*page) < "agent-0700");
  CHECK_FALSE(cursor_of(*page).empty());
  CHECK(all_agents(state, params) == std::vector<std::string>{"agent-1999"});
  CHECK(cursor_of(*query_agents(state, {.labels = {{"label-00", "other"}}}, 0)).empty());  // one label: all at once
}

TEST_CASE("a forgotten agent is gone from memory and disk, its history stays", "[recorder]") {
  const TempDir dir;
  {
    Store store(dir.path());
    LogScript log;
    for (int i = 0; i < 50; ++i) {
      log.time += second;
      log.beat("web-1");
      store.take(log.cut());
    }
    log.command("agent.forgotten", "web-1");
    store.take(log.cut());
    CHECK(query_agent(store.state, {.agent_id = "web-1"}, 0).error().code == base::Code::not_found);
    CHECK(items(ask_disk(store, query_beats, {.agent_id = "web-1", .limit = 1000}), "beats").size() == 50);
  }
  Store again(dir.path());
  CHECK(again.state.fold().size() == 0);
  CHECK(check(dir.path())->agents == 0);
  CHECK(again.state.position().total_heartbeats == 50);
}

TEST_CASE("a snapshot in pages gives every row and the fleet once", "[recorder]") {
  const TempDir dir;
  Store store(dir.path());
  LogScript log;
  for (int i = 0; i < 5000; ++i) log.beat("agent-" + std::to_string(i));
  store.take(log.cut());
  liveness::Fold fold;
  std::string cursor;
  int pages = 0;
  do {
    QueryParams params;
    params.cursor = cursor;
    const auto page = *query_snapshot(store.state, params, 0);
    CHECK(page.size() < wire::limits::message_bytes);
    const std::string packed = raw_field(page, "fleet");
    CHECK(packed.empty() == (pages > 0));
    if (!packed.empty()) {
      liveness::FleetState fleet;
      wire::Reader reader(packed);
      REQUIRE(liveness::decode(reader, fleet).ok());
      REQUIRE(fold.load_fleet(fleet).ok());
    }
    for (const auto& item : items(page, "rows")) {
      liveness::RowState row;
      wire::Reader reader(item);
      REQUIRE(liveness::decode(reader, row).ok());
      REQUIRE(fold.load_row(row).ok());
    }
    cursor = cursor_of(page);
    ++pages;
  } while (!cursor.empty());
  CHECK(pages > 1);
  CHECK(fold.size() == 5000);
  CHECK(fold.min_as_of() == store.state.position().seq);
}

TEST_CASE("batches of one commit share chunks; a gap and a new run begin one, and check counts the jumps",
          "[recorder]") {
  const TempDir dir;
  Store store(dir.path());
  LogScript log;
  std::deque<Work> works;
  for (int i = 0; i < 5; ++i) {
    log.beat("a");
    works.push_back(store.apply(log.cut()));
  }
  log.skip_to(20);
  log.beat("a");
  works.push_back(store.apply(log.cut()));
  log.new_run(2, 1000);
  log.beat("a");
  works.push_back(store.apply(log.cut()));
  REQUIRE(store.commit(std::move(works)).fault == Fault::none);
  const auto report = check(dir.path());
  REQUIRE(report.ok());
  CHECK(report->faults == std::vector<std::string>{});
  CHECK(report->chunks == 3);
  CHECK(report->jumps == 2);
  CHECK(report->beats == 7);
  CHECK(report->position == 1000);
  CHECK(report->broker_run == 2);
}

TEST_CASE("entries that do not follow one another are refused and nothing is applied", "[recorder]") {
  State state({}, [](std::string_view) -> std::optional<std::uint64_t> { return std::nullopt; });
  LogScript log;
  log.beat("a");
  log.skip_to(3);
  log.beat("a");
  auto batch = log.cut();
  batch.header.first_seq = 1;
  CHECK(state.apply(batch.header, batch.payload).error().code == base::Code::bad_message);
  batch.payload += "\xc1";
  CHECK_FALSE(state.apply(batch.header, batch.payload).ok());
  CHECK(state.position().seq == 0);
  CHECK(state.fold().size() == 0);
}

TEST_CASE("the example of the storage page is what is written", "[recorder]") {
  wire::Entry tick{
      .kind = wire::Kind::tick, .first_seq = 7, .count = 1, .time = base::log_time(1'000'000), .connection = 0};
  tick.body = "\x90";
  std::string entries;
  wire::append_entry(entries, tick);
  ChunkHeader header;
  header.broker_run = 1;
  header.first_seq = 7;
  header.next_seq = 8;
  header.prev_next = 7;
  header.first_time = header.last_time = tick.time;
  std::string hex;
  for (const char c : seal(be64(7), encode_chunk(header, entries)))
    hex += fmt::format("{:02x} ", static_cast<unsigned char>(c));
  CHECK(hex ==
        "f7 b4 e9 d7 96 01 08 07 ce 00 0f 42 40 ce 00 0f 42 40 90 96 07 07 01 ce 00 0f 42 40 92 00 c0 c4 01 90 ");
}

}  // namespace lifesign::recorder::test
