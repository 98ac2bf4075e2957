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
  const std::uint32_t hash = registration_hash(r);
  if (hash != row.registration || !row.known) {
    f.take_settings(row, r, at, out);
    f.owe(row, owed_registered(seq, at, !row.known, &r), out);
    row.known = 1;
    row.registration = hash;
    out.result = Result::counted;
  } else if (r.interval_ms.has_value()) {
    f.take_settings(row, r, at, out);  // beats may have changed the interval since
  }
  f.set_source(row, source, at);
  if (out.created || returns) out.result = Result::counted;
  out.after = row.state();
  return out;
}

void Fold::Impl::take_settings(Row& row, const wire::Registration& r, Ms at, Outcome& out) {
  PolicyState set = policy(row).set;
  if (r.interval_ms) set.interval_ms = *r.interval_ms;
  if (r.grace_ms) set.grace_ms = r.grace_ms;
  if (r.missed_limit) set.missed_limit = *r.missed_limit;
  if (r.stall_after_ms) set.stall_after_ms = *r.stall_after_ms;
  if (r.schedule) set.schedule = *r.schedule;
  if (r.time_zone) set.time_zone = *r.time_zone;
  if (set != policy(row).set) {
    set_policy(row, set);
    rows.need_side(row).settings_since = at;  // nobody is late by a promise that was made only now
    out.sooner = true;
  }
  if (!r.labels) return;
  const auto label = [&](const char* key) {
    const auto it = r.labels->find(key);
    return it == r.labels->end() ? std::string() : it->second;
  };
  const std::string peer(groups.names(row.groups).peer);
  set_groups(row, peer, label("host"), label("zone"), at);
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
    const bool lives = row.beaten && row.run != 0 && !f.current_is_over(row, at);
    if (lives) {  // of a start that was never heard, while another lives: remembered, stops nothing
      f.keep_run(row, goodbye.run, true, {});
      out.result = Result::counted;
      return out;
    }
    f.begin_run(row, goodbye.run);
  }
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
  if (Side* side = rows.side(row)) side->busy_until = side->settings_since = 0;
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
    f.take_settings(row, r, at, out);
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
