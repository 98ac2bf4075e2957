#include "sim/oracle.h"

#include <fmt/format.h>

#include <algorithm>

#include "wire/event.h"

namespace lifesign::sim {
namespace {

std::int64_t ms(base::LogTime t) {
  return std::chrono::floor<base::Millis>(t.time_since_epoch()).count();
}
std::int64_t ms_up(std::uint64_t micros) {
  return static_cast<std::int64_t>((micros + 999) / 1000);
}

}  // namespace

void Oracle::judge() {
  std::sort(in_.acked.begin(), in_.acked.end(), [](const Acked& a, const Acked& b) { return a.seq < b.seq; });
  tally_.acked += in_.acked.size();
  read_events();
  walk();
  for (auto& [id, agent] : agents_)
    if (agent.watched) end_silence(id, agent, end_, 0, true);
  if (next_acked_ < in_.acked.size())
    tally_.breaks(&Tally::other,
                  fmt::format("(c) seq {} was called recorded and is not in the log", in_.acked[next_acked_].seq));
  const auto leftover = [&](const auto& verdicts, std::string_view what) {
    for (const auto& [evidence, v] : verdicts) {
      if (v.used || agents_[v.agent_id].unclear) continue;
      // The watchdog reads what the ring still has; its verdict stands, on evidence that the recorder never got.
      if (is_lost(evidence)) {
        ++tally_.on_lost;
        continue;
      }
      tally_.breaks(&Tally::other, fmt::format("(b) {} of {} at seq {} is on evidence {}, which is no sign of life",
                                               what, v.agent_id, v.seq, evidence));
    }
  };
  leftover(timeouts_, "agent.timeout");
  for (const auto& [evidence, v] : recoveries_)
    if (!v.used && !agents_[v.agent_id].unclear) ++tally_.untold;  // its outage is the documented gap
}

void Oracle::read_events() {
  for (const auto& [seq, map] : in_.store.events()) {
    wire::Event event;
    const base::Status read = wire::read_event(map, event);
    LIFESIGN_ASSERT(read.ok(), "{}", read.error().message);
    const bool timeout = event.type == wire::events::timeout;
    if (timeout || event.type == wire::events::recovered) {
      Verdict verdict{seq, event.evidence_seq, event.as_of, ms(event.decided), std::string(event.agent_id)};
      auto& table = timeout ? timeouts_ : recoveries_;
      const auto [it, fresh] = table.emplace(event.evidence_seq, verdict);
      if (!fresh) ++it->second.told;
      ++(timeout ? tally_.timeouts : tally_.recoveries);
    }
    std::uint64_t from = 0, to = 0;
    if (!event.is_verdict && wire::find_u64(map, "blind_from", from) && wire::find_u64(map, "blind_to", to))
      blindness_.add(seq, static_cast<std::int64_t>(from / 1000), ms_up(to));
  }
  for (const auto* table : {&timeouts_, &recoveries_})
    for (const auto& [evidence, v] : *table)
      if (v.told > 1)
        tally_.breaks(&Tally::other, fmt::format("(b) the verdict on {} with evidence {} is there {} times", v.agent_id,
                                                 evidence, v.told));
}

void Oracle::walk() {
  // All ticks first: whether a deadline was seen by one decides what must have been told.
  for (const bool ticks : {true, false}) {
    for (const auto& [first, payload] : in_.store.log()) {
      recorder::Chunk chunk;
      const base::Status read = recorder::decode_chunk(first, payload, chunk);
      LIFESIGN_ASSERT(read.ok(), "{}", read.error().message);
      if (ticks && chunk.header.prev_next != 0 && chunk.header.prev_next < first)
        jumps_.emplace_back(chunk.header.prev_next, first);
      wire::EntryList list(chunk.entries);
      for (wire::Entry e; list.next(e);) {
        if (ticks && e.kind == wire::Kind::tick) ticks_.push_back(ms(e.time));
        if (!ticks) entry(e, chunk.header);
        end_ = ms(e.time);
      }
    }
  }
}

bool Oracle::is_lost(std::uint64_t seq) const {
  return std::any_of(jumps_.begin(), jumps_.end(), [&](const auto& j) { return j.first <= seq && seq < j.second; });
}

void Oracle::entry(const wire::Entry& e, const recorder::ChunkHeader& header) {
  const std::int64_t at = ms(e.time);
  std::uint64_t seq = e.first_seq;
  if (e.kind == wire::Kind::beats || e.kind == wire::Kind::backfill) {
    wire::BeatList list(e.body);
    for (wire::Beat b; list.next(b); ++seq) beat(b, seq, at, header.is_repeat(seq), e.kind == wire::Kind::backfill);
    return;
  }
  if (e.kind != wire::Kind::registration && e.kind != wire::Kind::goodbye) return;
  wire::Reader reader(e.body);
  std::uint32_t n = 0;
  reader.array(n);
  for (; n > 0; --n, ++seq) {
    base::Status read;
    if (e.kind == wire::Kind::goodbye) {
      wire::Goodbye g;
      read = wire::read_goodbye(reader, g);
      goodbye(g, at);
    } else {
      wire::Registration r;
      read = wire::read_registration(reader, r);
      registration(r, seq, at);
    }
    LIFESIGN_ASSERT(read.ok(), "{}", read.error().message);
  }
}

Oracle::Agent& Oracle::agent(std::string_view id) {
  return agents_[std::string(id)];
}

Oracle::Run& Oracle::run_of(Agent& agent, std::uint64_t run) {
  for (auto at = agent.runs.rbegin(); at != agent.runs.rend(); ++at)
    if (at->run == run) return *at;
  agent.runs.push_back({.run = run});
  return agent.runs.back();
}

void Oracle::check_acked(std::uint64_t seq, const wire::Beat& beat) {
  for (; next_acked_ < in_.acked.size() && in_.acked[next_acked_].seq <= seq; ++next_acked_) {
    const Acked& a = in_.acked[next_acked_];
    if (a.seq != seq || a.agent_id != beat.agent_id || a.run != beat.run || a.run_seq != beat.run_seq)
      tally_.breaks(&Tally::other, fmt::format("(c) beat {} of {} was called recorded as seq {} and is not there",
                                               a.run_seq, a.agent_id, a.seq));
  }
}

void Oracle::count(Agent& agent, Run& run, const wire::Beat& beat, std::uint64_t seq, bool repeat) {
  if (run.seen.size() <= beat.run_seq) {
    run.seen.resize(beat.run_seq + 1);
    run.counted.resize(beat.run_seq + 1);
  }
  if (!repeat) {
    ++counted_;
    if (run.counted[beat.run_seq] && !agent.unclear)
      tally_.breaks(&Tally::other,
                    fmt::format("(c) beat {} of {} counts a second time at seq {}", beat.run_seq, beat.agent_id, seq));
    run.counted[beat.run_seq] = true;
  } else if (!run.counted[beat.run_seq] && !run.seen[beat.run_seq]) {
    ++tally_.uncounted;
  }
}

void Oracle::beat(const wire::Beat& beat, std::uint64_t seq, std::int64_t at, bool repeat, bool backfill) {
  ++tally_.beats;
  check_acked(seq, beat);
  Agent& a = agent(beat.agent_id);
  if (backfill &&
      (a.runs.empty() || std::none_of(a.runs.begin(), a.runs.end(), [&](const Run& r) { return r.run == beat.run; }))) {
    if (!repeat) ++counted_;  // history of a run that is not known: it makes none
    return;
  }
  Run& run = run_of(a, beat.run);
  count(a, run, beat, seq, repeat);
  const bool fresh = !run.seen[beat.run_seq];
  const bool latest = beat.run_seq >= run.highest;
  run.seen[beat.run_seq] = true;
  run.highest = std::max(run.highest, beat.run_seq);
  if (backfill) return;
  if (&run != &a.runs.back()) {
    if (fresh && !run.closed && (!a.watched || at - a.last >= a.silence().again)) a.unclear = true;
    return;
  }
  if (run.closed || (!fresh && !latest)) return;
  const std::string id(beat.agent_id);
  if (a.watched) end_silence(id, a, at, seq, false);
  if (beat.interval_ms != 0) a.interval = beat.interval_ms;
  a.watched = a.beaten = true;
  a.evidence = seq;
  a.last = at;
}

void Oracle::registration(const wire::Registration& r, std::uint64_t seq, std::int64_t at) {
  Agent& a = agent(r.agent_id);
  const bool known = std::any_of(a.runs.begin(), a.runs.end(), [&](const Run& run) { return run.run == r.run; });
  const bool stopped = !a.watched && a.evidence != 0 && !known;
  if (a.evidence == 0 || stopped) {
    a.watched = true;
    a.evidence = seq;
    a.last = at;
  }
  if (r.interval_ms) a.interval = *r.interval_ms;
  if (r.grace_ms) a.has_grace = true, a.grace = *r.grace_ms;
  if (r.missed_limit) a.limit = *r.missed_limit;
}

void Oracle::goodbye(const wire::Goodbye& g, std::int64_t at) {
  Agent& a = agent(g.agent_id);
  if (a.evidence == 0) return;
  const bool known = std::any_of(a.runs.begin(), a.runs.end(), [&](const Run& r) { return r.run == g.run; });
  // Of a run that was never heard, while another may be late: which of them lives is the fold's to say.
  if (!known && !a.runs.empty() && a.watched) a.unclear = true;
  Run& run = run_of(a, g.run);
  run.closed = true;
  if (&run != &a.runs.back()) return;
  if (a.watched) end_silence(std::string(g.agent_id), a, at, 0, false);
  a.watched = false;
}

std::string Oracle::who(const std::string& id, const Agent& a, std::int64_t at) const {
  return fmt::format("{} (last sign of life seq {} at {}, every {} ms, limit {}; until {})", id, a.evidence, a.last,
                     a.interval, a.limit, at);
}

void Oracle::judge_timeout(const std::string& id, Agent& a, Verdict& v, std::int64_t at, std::uint64_t by, bool open) {
  v.used = true;
  if (!open && v.decided >= at)
    tally_.breaks(&Tally::false_timeouts,
                  fmt::format("(a) timed out at {} although it beat: {}", v.decided, who(id, a, at)));
  // What was told after the silence ended was decided by what the log held by then.
  const std::uint64_t known = by != 0 ? std::min(by, v.as_of) : v.as_of;
  if (const char* why = blindness_.too_early(a.silence(), v.decided, known))
    tally_.breaks(&Tally::false_timeouts, fmt::format("(a) timed out at {}, {}: {}", v.decided, why, who(id, a, at)));
  if (!open && by != 0 && v.seq > by) return;  // told late: the agent was back already
  const std::int64_t delay = in_.delay(v.decided, v.seq);
  tally_.worst_delay_ms = std::max(tally_.worst_delay_ms, delay);
  if (delay > in_.delay_most)
    tally_.breaks(&Tally::other,
                  fmt::format("(b) told {} ms late, with nothing in the way: {}", delay, who(id, a, at)));
}

void Oracle::end_silence(const std::string& id, Agent& a, std::int64_t at, std::uint64_t by, bool open) {
  ++tally_.deadlines;
  const auto timeout = timeouts_.find(a.evidence);
  if (a.unclear) {
    if (timeout != timeouts_.end()) timeout->second.used = true;
    if (const auto back = recoveries_.find(by); back != recoveries_.end()) back->second.used = true;
    return;
  }
  const bool told = timeout != timeouts_.end();
  if (told) judge_timeout(id, a, timeout->second, at, by, open);
  if (!told && at - a.last >= a.silence().patience) {
    const std::int64_t latest = blindness_.latest(a.silence());
    const auto first = std::lower_bound(ticks_.begin(), ticks_.end(), latest);
    const auto last = std::lower_bound(ticks_.begin(), ticks_.end(), at);
    const bool due = open ? latest + in_.delay_most < at : last - first >= 2;
    if (due) tally_.breaks(&Tally::missed_deaths, fmt::format("(b) never told: {}, due at {}", who(id, a, at), latest));
    if (!due && !open && latest < at) ++tally_.untold;
  }
  if (by == 0) return;
  const auto back = recoveries_.find(by);
  if (back != recoveries_.end()) back->second.used = told;
  if (told && back == recoveries_.end())
    tally_.breaks(&Tally::missed_deaths,
                  fmt::format("(b) it came back by seq {}, and nobody said so: {}", by, who(id, a, at)));
}

}  // namespace lifesign::sim
