#include "recorder_answers.h"

#include "lifesign/value.h"
#include "recorder/history_queries.h"
#include "recorder/live_queries.h"

namespace lifesign::fuzz {
namespace {

using recorder::QueryParams;

constexpr std::size_t most_pages = 2'000;

// Nothing for an error, which an answer may be.
std::optional<Value> read(const base::Result<std::string>& answer) {
  if (!answer.ok()) {
    LIFESIGN_ASSERT(!answer.error().message.empty(), "an error without a word");
    return std::nullopt;
  }
  LIFESIGN_ASSERT(answer->size() <= wire::limits::message_bytes, "an answer of {} bytes", answer->size());
  auto value = Value::parse(*answer);
  LIFESIGN_ASSERT(value.ok(), "an answer cannot be read: {}", value.error().message);
  return *value;
}

// Pages by `cursor` until there is none.
template <class Ask>
void ask_pages(QueryParams params, Ask ask) {
  std::string cursor;
  for (std::size_t pages = 0;; ++pages) {
    LIFESIGN_ASSERT(pages < most_pages, "the pages have no end; the cursor is {}", cursor);
    params.cursor = cursor;
    const auto page = read(ask(params));
    if (!page || !(*page)["cursor"].text()) return;
    cursor = (*page)["cursor"].text_or("");
  }
}

}  // namespace

void ask_memory(const recorder::State& state) {
  QueryParams few;
  few.limit = 2;
  ask_pages(few, [&](const QueryParams& p) { return recorder::query_agents(state, p, 1); });
  ask_pages({}, [&](const QueryParams& p) { return recorder::query_snapshot(state, p, 1); });
  read(recorder::query_totals(state, 1));
  for (const std::string_view agent : {"web-1", "web-2", "nightly", "nobody"}) {
    QueryParams params;
    params.agent_id = agent;
    read(recorder::query_agent(state, params, 1));
  }
}

void ask_disk(const recorder::Txn& txn) {
  for (const std::string_view agent : {"web-1", "web-2", "web-3"}) {
    QueryParams params;
    params.agent_id = agent;
    params.limit = 1;
    ask_pages(params, [&](const QueryParams& p) { return recorder::query_beats(txn, p); });
    params.from = 1'700'000'003'000'000;
    params.to = params.from + 3'000'000;
    ask_pages(params, [&](const QueryParams& p) { return recorder::query_beats(txn, p); });
  }
  for (const bool with_beats : {false, true}) {
    QueryParams params;
    params.limit = 3;
    if (with_beats) params.types = {"heartbeat.received", "agent.timeout", "agent.stopped"};
    for (std::size_t pages = 0;; ++pages) {
      LIFESIGN_ASSERT(pages < most_pages, "the pages have no end, at seq {}", params.since);
      const auto page = read(recorder::query_events(txn, params));
      if (!page || !(*page)["next"].u64()) break;
      const std::uint64_t next = (*page)["next"].u64_or(0);
      if (next > QueryParams::no_bound) break;  // no request may say so
      LIFESIGN_ASSERT(next > params.since, "the page after {} is {}", params.since, next);
      params.since = next;
    }
  }
}

}  // namespace lifesign::fuzz
