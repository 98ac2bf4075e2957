// What agents and people say beside beats: registrations, goodbyes, commands.
#include "liveness/fold_impl.h"
#include "liveness/verdicts.h"
#include "wire/writer.h"

namespace lifesign::liveness {
namespace {

std::uint32_t registration_hash(const wire::Registration& r) {
  wire::Registration plain = r;
  plain.run = 0;  // a new run that says the same changes nothing
  std::string bytes;
  wire::Writer writer(bytes);
  wire::write_registration(writer, plain);
  return text_hash(bytes);
}

}  // namespace

Outcome Fold::apply_registration(const wire::Registration& r, std::uint64_t seq, base::LogTime time, Source source) {
  Impl& f = *impl_;
  f.note(seq);
  f.closed.heard(source.connection);
  const Ms at = to_ms(time);
  Outcome out;
  out.row = f.rows.find(r.agent_id);
  if (out.row == no_row) {
    out.row = f.create(r.agent_id, seq, at);
    if (out.row == no_row) {
      out.result = Result::table_full;
      return out;
    }
    out.created = out.sooner = true;
  } else if (f.holds(out.row, seq)) {
    out.result = Result::skipped;
    return out;
  }
  Row& row = f.rows[out.row];
  out.before = row.state();
  const bool returns = row.state() == Status::stopped && r.run != 0 && f.place_of(row, r.run) == Impl::Place::fresh;
  if (returns) {  // a new start has said that it exists: if it never beats, that is to be noticed
    row.last_seq = seq;
    row.set_at(at);
    f.set_status(row, Status::expected, at);
    out.sooner = true;
  }
  const bool at_once = out.created || returns || row.state() == Status::stopped;
  const std::uint32_t hash = registration_hash(r);
  if (hash != row.registration || !row.known) {
    f.take_settings(row, r, at, at_once, out);
    f.owe(row, owed_registered(seq, at, !row.known, &r), out);
    row.known = 1;
    row.registration = hash;
    out.result = Result::counted;
  } else if (r.interval_ms.has_value()) {
    f.take_settings(row, r, at, at_once, out);  // beats may have changed the interval since
  }
  f.set_source(row, source, at);
  if (out.created || returns) out.result = Result::counted;
  out.after = row.state();
  return out;
}

bool Fold::Impl::may_change_now(const Row& row, const PolicyState& set, Ms at) {
  const Side* side = rows.side(row);
  const Ms first = first_deadline(row, side, policy(row), blind);
  if (at >= first) return false;  // late by what was promised
  const std::uint32_t number = policies.share(set);
  const Ms changed = first_deadline(row, side, policies[number], blind);
  policies.release(number);
  return changed >= first;
}

// Nobody is late by a promise that was made only afterwards, and nobody escapes by promising anew: amid a silence more
// time is granted at once, to who is not late yet; all else waits for the next beat.
bool Fold::Impl::take_settings(Row& row, const wire::Registration& r, Ms at, bool at_once, Outcome& out) {
  Side* side = rows.side(row);
  PolicyState set = side != nullptr && side->next_settings ? *side->next_settings : policy(row).set;
  if (r.interval_ms) set.interval_ms = *r.interval_ms;
  if (r.grace_ms) set.grace_ms = r.grace_ms;
  if (r.missed_limit) set.missed_limit = *r.missed_limit;
  if (r.stall_after_ms) set.stall_after_ms = *r.stall_after_ms;
  if (r.schedule) set.schedule = *r.schedule;
  if (r.time_zone) set.time_zone = *r.time_zone;
  bool changed = set != policy(row).set;
  if (changed && !at_once && !may_change_now(row, set, at)) {
    rows.need_side(row).next_settings = std::make_unique<PolicyState>(set);
    changed = false;
  } else {
    if (side != nullptr) side->next_settings.reset();
    if (changed) set_policy(row, set);
    out.sooner |= changed;
  }
  if (!r.labels) return changed;
  const auto label = [&](const char* key) {
    const auto it = r.labels->find(key);
    return it == r.labels->end() ? std::string() : it->second;
  };
  const std::string peer(groups.names(row.groups).peer);
  set_groups(row, peer, label("host"), label("zone"), at);
  return changed;
}

Outcome Fold::apply_goodbye(const wire::Goodbye& goodbye, std::uint64_t seq, base::LogTime time) {
  Impl& f = *impl_;
  f.note(seq);
  const Ms at = to_ms(time);
  Outcome out;
  out.row = f.rows.find(goodbye.agent_id);
  if (out.row == no_row) {
    out.result = Result::unknown_agent;
    return out;
  }
  if (f.holds(out.row, seq)) {
    out.result = Result::skipped;
    return out;
  }
  Row& row = f.rows[out.row];
  out.before = out.after = row.state();
  const auto place = goodbye.run == 0 ? Impl::Place::current : f.place_of(row, goodbye.run);
  if (place == Impl::Place::earlier) {
    bool& closed = f.earlier_run(row, goodbye.run)->closed;
    if (!closed) out.result = Result::counted;
    closed = true;
    return out;
  }
  if (place == Impl::Place::fresh) {
    if (row.beaten && row.run != 0 && !row.closed) {  // of a start that was never heard: remembered, stops nothing
      f.keep_run(row, goodbye.run, true, {});
      out.result = Result::counted;
      return out;
    }
    f.begin_run(row, goodbye.run);
  }
  if (goodbye.run != 0 && row.closed) return out;  // sent again, and a new start may have been announced since
  f.stop(row, at, out);
  out.after = row.state();
  return out;
}

void Fold::Impl::stop(Row& row, Ms at, Outcome& out) {
  if (row.state() == Status::stopped && row.closed) return;
  out.result = Result::counted;
  end_silence(row, 0, at, out);
  if (row.state() == Status::offline) end_outage(row, at, out);
  row.closed = 1;
  row.misses = 0;
  row.stalled = 0;
  if (Side* side = rows.side(row)) side->busy_until = 0;
  set_status(row, Status::stopped, at);
  rows.trim_side(row);
}

Outcome Fold::apply_command(const wire::Command& command, std::uint64_t seq, base::LogTime time) {
  Impl& f = *impl_;
  f.note(seq);
  const Ms at = to_ms(time);
  const wire::Registration& r = command.agent;
  const bool expected = command.type == wire::events::expected;
  Outcome out;
  out.row = f.rows.find(r.agent_id);
  if (out.row == no_row) {
    if (!expected) {
      out.result = Result::unknown_agent;
      return out;
    }
    out.row = f.create(r.agent_id, seq, at);
    if (out.row == no_row) {
      out.result = Result::table_full;
      return out;
    }
    out.created = out.sooner = true;
  } else if (f.holds(out.row, seq)) {
    out.result = Result::skipped;
    return out;
  }
  Row& row = f.rows[out.row];
  out.before = out.after = row.state();
  if (command.type == wire::events::forgotten) {
    if (row.state() == Status::offline) f.end_outage(row, at, out);
    f.remove(out.row, at);
    out.forgotten = true;
    out.result = Result::counted;
  } else if (expected) {
    if (row.state() == Status::stopped) {
      row.last_seq = seq;
      row.set_at(at);
      row.closed = 0;  // its run may go on: a person says that it is wanted
      row.beaten = 0;
      f.set_status(row, Status::expected, at);
      out.sooner = true;
    }
    const bool waits = row.state() == Status::expected && !row.beaten;
    if (f.take_settings(row, r, at, waits, out) && waits) {  // a person says anew what is expected, from now on
      row.last_seq = seq;
      row.set_at(at);
    }
    out.result = Result::counted;
    out.after = row.state();
  } else if (command.type == wire::events::stopped) {
    f.stop(row, at, out);
    if (Side* side = f.rows.side(row)) {
      for (Side::Run& run : side->earlier) run.closed = true;
    }
    out.after = row.state();
  }
  return out;
}

}  // namespace lifesign::liveness
