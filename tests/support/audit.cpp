#include "support/audit.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <utility>

namespace lifesign::tests {
namespace {

using Beat = std::pair<std::uint64_t, std::uint64_t>;  // run and run_seq

Beat beat_of(const Value& value) {
  return {value["run"].u64_or(0), value["run_seq"].u64_or(0)};
}

std::vector<Beat> sorted(const std::vector<Value>& values) {
  std::vector<Beat> out;
  for (const Value& value : values) out.push_back(beat_of(value));
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<Value> all_agents(const System& system, AgentsRequest request) {
  std::vector<Value> out;
  Query query = system.query();
  for (request.limit = 1000;;) {
    const auto page = query.agents(request);
    REQUIRE(page.ok());
    for (const Value& agent : (*page)["agents"].items()) out.push_back(agent);
    request.cursor = (*page)["cursor"];
    if (!request.cursor.exists() || request.cursor.type() == Value::Type::nil) return out;
  }
}

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

std::vector<Value> history(const System& system, const std::string& agent_id) {
  std::vector<Value> out;
  Query query = system.query();
  for (BeatsRequest request{.agent_id = agent_id, .limit = 1000};;) {
    const auto page = query.beats(request);
    REQUIRE(page.ok());
    for (const Value& beat : (*page)["beats"].items()) out.push_back(beat);
    request.cursor = (*page)["cursor"];
    if (!request.cursor.exists() || request.cursor.type() == Value::Type::nil) return out;
  }
}

void audit_counts(const System& system, const std::string& agent_id) {
  std::vector<Value> live = history(system, agent_id);
  const auto beats = sorted(live);
  // What is sent later is history, and no event.
  std::erase_if(live, [](const Value& beat) { return beat["backfilled"].boolean_or(false); });
  INFO(agent_id << ": " << beats.size() << " beats in its history");
  CHECK(std::set<Beat>(beats.begin(), beats.end()).size() == beats.size());
  CHECK(sorted(system.events({"heartbeat.received"}, agent_id)) == sorted(live));
  CHECK(system.total_heartbeats(agent_id) == beats.size());
  const auto listed = all_agents(system, {.prefix = agent_id});
  const auto row = std::find_if(listed.begin(), listed.end(),
                                [&](const Value& agent) { return agent["agent_id"].text() == agent_id; });
  REQUIRE(row != listed.end());
  CHECK((*row)["total_heartbeats"].u64_or(0) == beats.size());
  int code = 0;
  const std::string shown = system.lifesign({"history", agent_id, "--limit", "0", "--json"}, &code);
  CHECK(code == 0);
  CHECK(lines_of(shown) == beats.size());
}

void audit_recorded(const System& system, const std::string& agent_id, std::uint64_t recorded) {
  audit_counts(system, agent_id);
  std::set<std::uint64_t> seen;
  for (const Value& beat : history(system, agent_id)) seen.insert(beat["run_seq"].u64_or(0));
  INFO(agent_id << ": " << recorded << " recorded, " << seen.size() << " in its history");
  for (std::uint64_t n = 1; n <= recorded; ++n) REQUIRE(seen.contains(n));
  CHECK(seen.size() <= recorded + 1);
}

void audit_totals(const System& system) {
  std::uint64_t beats = 0, missed = 0, agents = 0, known = 0;
  for (const Value& agent : all_agents(system, {})) {
    beats += agent["total_heartbeats"].u64_or(0);
    missed += agent["missed_heartbeats"].u64_or(0);
    ++agents;
  }
  const auto totals = system.query().totals();
  REQUIRE(totals.ok());
  for (const auto& [status, count] : (*totals)["agents"].pairs()) known += count.u64_or(0);
  CHECK((*totals)["total_heartbeats"].u64_or(0) == beats);
  CHECK((*totals)["missed_heartbeats"].u64_or(0) == missed);
  CHECK(known == agents);
  CHECK((*totals)["events"].u64_or(0) == system.events({}).size());
}

std::string key_of(const Value& event) {
  if (!event["evidence_seq"].exists()) return {};
  return event["type"].text_or("") + " " + event["agent_id"].text_or("") + " " +
         std::to_string(event["evidence_seq"].u64_or(0)) + " " + std::to_string(event["ordinal"].u64_or(0));
}

void audit_verdicts(const std::vector<Value>& events) {
  std::set<std::string> keys;
  std::uint64_t last = 0;
  for (const Value& event : events) {
    INFO(to_json(event));
    CHECK(event["seq"].u64_or(0) > last);
    last = event["seq"].u64_or(0);
    if (const std::string key = key_of(event); !key.empty()) CHECK(keys.insert(key).second);
  }
}

}  // namespace lifesign::tests
