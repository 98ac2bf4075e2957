#include "recorder/live_queries.h"

#include <fmt/format.h>

#include "base/text.h"
#include "wire/writer.h"

namespace lifesign::recorder {
namespace {

// By one request: some milliseconds with the mutex held. A look at an agent is one, and so is each label compared.
constexpr std::size_t looks = 10'000;
constexpr std::size_t rows_per_page = 4'096;

// Adds to `looked` what it took.
bool matches(const Profile& profile, const QueryParams& params, std::size_t& looked) {
  ++looked;
  for (const auto& [name, value] : params.labels) {
    ++looked;
    if (!profile.has_label(name, value)) return false;
  }
  return true;
}

base::Status check_cursor(const QueryParams& params) {
  if (params.cursor.empty() || base::is_agent_id(params.cursor)) return {};
  return base::Error{base::Code::invalid_value, "cursor is not one that this method gave"};
}

void finish(wire::Writer& writer, const std::string& cursor, bool more, std::uint64_t as_of, std::uint64_t recorded) {
  writer.text("cursor");
  if (more)
    writer.text(cursor);
  else
    writer.nil();
  writer.field("as_of", as_of).field("recorded", recorded);
}

}  // namespace

base::Result<std::string> query_agent(const State& state, const QueryParams& params, std::uint64_t recorded) {
  if (params.agent_id.empty()) return base::Error{base::Code::bad_message, "agent_id is missing"};
  const std::uint32_t row = state.fold().find(params.agent_id);
  if (row == liveness::no_row) {
    return base::Error{base::Code::not_found, fmt::format("no agent {} is known", base::printable(params.agent_id))};
  }
  const std::uint64_t as_of = state.position().seq;
  std::string out;
  wire::Writer writer(out);
  writer.map(3).text("agent");
  state.profile(row).describe(writer, params.agent_id, state.fold().view(row), as_of);
  writer.field("as_of", as_of).field("recorded", recorded);
  return out;
}

base::Result<std::string> query_agents(const State& state, const QueryParams& params, std::uint64_t recorded) {
  if (auto status = check_cursor(params); !status.ok()) return status.error();
  const std::uint64_t as_of = state.position().seq;
  std::string items, cursor;
  wire::Writer item_writer(items);
  std::size_t count = 0, looked = 0;
  Directory::Walk walk(state.directory(), params.cursor, params.prefix, params.status);
  for (; !walk.at_end() && walk.agent_id().starts_with(params.prefix); walk.next()) {
    if (count == params.limit || looked >= looks || items.size() > answer_bytes) break;
    cursor.assign(walk.agent_id());
    const Profile& profile = state.profile(walk.row());
    if (!matches(profile, params, looked)) continue;
    profile.describe(item_writer, walk.agent_id(), state.fold().view(walk.row()), as_of);
    ++count;
  }
  const bool more = !walk.at_end() && walk.agent_id().starts_with(params.prefix);
  std::string out;
  wire::Writer writer(out);
  writer.map(4).text("agents").array(count).raw(items);
  finish(writer, cursor, more, as_of, recorded);
  return out;
}

base::Result<std::string> query_totals(const State& state, std::uint64_t recorded) {
  const Position& p = state.position();
  std::string out;
  wire::Writer writer(out);
  writer.map(9).text("agents").map(liveness::statuses);
  for (std::size_t i = 0; i < liveness::statuses; ++i) {
    const auto status = static_cast<liveness::Status>(i);
    writer.field(liveness::status_name(status), std::uint64_t{state.directory().size(status)});
  }
  writer.field("total_heartbeats", p.total_heartbeats).field("missed_heartbeats", p.missed_heartbeats);
  writer.field("untracked", p.untracked).field("events", p.events).field("from_seq", p.from_seq);
  writer.field("time", base::to_wire(p.time)).field("as_of", p.seq).field("recorded", recorded);
  return out;
}

base::Result<std::string> query_snapshot(const State& state, const QueryParams& params, std::uint64_t recorded) {
  if (auto status = check_cursor(params); !status.ok()) return status.error();
  const bool first_page = params.cursor.empty();
  std::string rows, cursor;
  wire::Writer row_writer(rows);
  std::size_t count = 0;
  Directory::Walk walk(state.directory(), params.cursor, {}, std::nullopt);
  for (; !walk.at_end() && count < rows_per_page && rows.size() <= answer_bytes; walk.next(), ++count) {
    cursor.assign(walk.agent_id());
    liveness::encode(row_writer, state.fold().export_row(walk.row()));
  }
  std::string out;
  wire::Writer writer(out);
  writer.map(first_page ? 5 : 4);
  if (first_page) liveness::encode(writer.text("fleet"), state.fold().export_fleet());
  writer.text("rows").array(count).raw(rows);
  finish(writer, cursor, !walk.at_end(), state.position().seq, recorded);
  return out;
}

}  // namespace lifesign::recorder
