#include "support/deaths.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

namespace lifesign::tests {
namespace {

constexpr std::uint64_t judged_unit = 1'000;  // judged times are whole milliseconds
// An outage that nobody watched is told by the ticks in the log, of which there is one each second.
constexpr std::uint64_t listened_enough = 1'500'000;

std::uint64_t longest_listened(std::uint64_t from, std::uint64_t until, const std::vector<Blind>& blind) {
  std::uint64_t longest = 0;
  for (const Blind& span : blind) {
    if (span.to <= from || span.from >= until) continue;
    if (span.from > from) longest = std::max(longest, span.from - from);
    from = std::max(from, span.to);
  }
  return until > from ? std::max(longest, until - from) : longest;
}

// A span that was told only after the verdict could not be counted in: a broker that starts names as blind what it does
// not know to be recorded, and some of that may be.
std::uint64_t earliest_due(const Silence& silence, const std::vector<Blind>& blind, std::uint64_t timeout,
                           std::uint64_t verdict) {
  std::uint64_t due = silence.from + timeout;
  std::uint64_t counted = silence.from;  // spans overlap: a broker's reaches back to the last recorded moment
  for (const Blind& span : blind) {
    if (span.told >= verdict || span.to <= counted || span.from >= due) continue;
    due += span.to - std::max(span.from, counted);
    counted = span.to;
  }
  return due;
}

}  // namespace

std::vector<Blind> blind_spans(const std::vector<Value>& events) {
  std::vector<Blind> out;
  for (const Value& event : events)
    if (event["blind_to"].exists())
      out.push_back({event["blind_from"].u64_or(0), event["blind_to"].u64_or(0), event["seq"].u64_or(0)});
  std::sort(out.begin(), out.end(), [](const Blind& a, const Blind& b) { return a.from < b.from; });
  return out;
}

std::vector<Silence> silences(const std::vector<Value>& beats, const std::vector<Blind>& blind, std::uint64_t timeout,
                              std::uint64_t first_miss, std::uint64_t now) {
  std::vector<Silence> out;
  for (std::size_t i = 0; i < beats.size(); ++i) {
    Silence silence;
    const bool ends = i + 1 < beats.size();
    silence.evidence = beats[i]["seq"].u64_or(0);
    silence.ended_by = ends ? beats[i + 1]["seq"].u64_or(0) : 0;
    silence.from = beats[i]["time"].u64_or(0);
    silence.until = ends ? beats[i + 1]["time"].u64_or(0) : now;
    silence.latest = silence.from + timeout;
    for (const Blind& span : blind) {
      if (span.to <= silence.from || span.from >= silence.latest) continue;
      silence.latest = std::max(silence.latest + span.to - std::max(span.from, silence.from), span.to + first_miss);
    }
    silence.must_be_told = longest_listened(silence.latest, silence.until, blind) > listened_enough;
    out.push_back(silence);
  }
  return out;
}

std::size_t audit_deaths(const std::string& agent_id, const std::vector<Silence>& silences,
                         const std::vector<Blind>& blind, std::uint64_t timeout, const std::vector<Value>& events) {
  std::map<std::uint64_t, std::vector<Value>> timeouts, recoveries;  // by evidence
  for (const Value& event : events) {
    if (event["agent_id"].text() != agent_id) continue;
    if (event["type"].text() == "agent.timeout") timeouts[event["evidence_seq"].u64_or(0)].push_back(event);
    if (event["type"].text() == "agent.recovered") recoveries[event["evidence_seq"].u64_or(0)].push_back(event);
  }
  std::size_t told = 0;
  for (const Silence& silence : silences) {
    const auto found = timeouts.find(silence.evidence);
    const std::size_t times = found == timeouts.end() ? 0 : found->second.size();
    INFO(agent_id << " silent after seq " << silence.evidence << " from " << silence.from << " to " << silence.until
                  << ", due by " << silence.latest);
    CHECK(times <= 1);
    if (silence.must_be_told) CHECK(times == 1);
    if (times == 0) continue;
    ++told;
    const Value verdict = found->second.front();
    timeouts.erase(found);
    INFO(to_json(verdict));
    CHECK(silence.until + judged_unit >= earliest_due(silence, blind, timeout, verdict["seq"].u64_or(0)));
    if (silence.ended_by == 0) continue;
    const auto recovered = recoveries.find(silence.ended_by);
    REQUIRE(recovered != recoveries.end());
    CHECK(recovered->second.size() == 1);
  }
  // What is left was told of a beat that the log does not hold.
  for (const auto& [evidence, left] : timeouts)
    for (const Value& event : left) FAIL_CHECK("a timeout on no beat: " << to_json(event));
  return told;
}

}  // namespace lifesign::tests
