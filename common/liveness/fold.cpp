#include "liveness/fold.h"

#include <algorithm>
#include <utility>

#include "liveness/fold_impl.h"

namespace lifesign::liveness {

Fold::Fold(Options options) : impl_(std::make_unique<Impl>(options)) {}
Fold::Fold(Fold&&) noexcept = default;
Fold& Fold::operator=(Fold&&) noexcept = default;
Fold::~Fold() = default;

std::uint64_t Fold::applied() const {
  return impl_->applied;
}
std::size_t Fold::size() const {
  return impl_->rows.size();
}
std::uint64_t Fold::count(Status status) const {
  return impl_->by_status[static_cast<std::size_t>(status)];
}
std::uint32_t Fold::row_end() const {
  return impl_->rows.end();
}
bool Fold::in_use(std::uint32_t row) const {
  return impl_->rows.in_use(row);
}
std::uint32_t Fold::find(std::string_view agent_id) const {
  return impl_->rows.find(agent_id);
}
std::string_view Fold::agent_id(std::uint32_t row) const {
  return impl_->rows.id(row);
}
const Fold::Counters& Fold::counters() const {
  return impl_->counters;
}
std::uint64_t Fold::min_as_of() const {
  return impl_->min_as_of;
}
std::uint64_t Fold::max_as_of() const {
  return impl_->max_as_of;
}

std::span<const Owed> Fold::owed(std::uint32_t row) const {
  const Side* side = impl_->rows.side(impl_->rows[row]);
  return side == nullptr ? std::span<const Owed>() : std::span<const Owed>(side->owed);
}

RowView Fold::view(std::uint32_t number) const {
  LIFESIGN_ASSERT(in_use(number), "row {} is not in use", number);
  const Row& row = impl_->rows[number];
  const Side* side = impl_->rows.side(row);
  const Policy& policy = impl_->policy(row);
  RowView v;
  v.status = row.state();
  v.cause = row.why();
  v.stalled = row.stalled;
  v.last_seq = row.last_seq;
  v.last = from_ms(row.at());
  v.beaten = row.beaten;
  v.misses = row.misses;
  v.run = row.run;
  v.run_seq = side != nullptr && side->wide ? side->wide->highest() : row.seen_last;
  if (side != nullptr) {
    v.offline_since = from_ms(side->offline_since);
    v.busy_until = from_ms(side->busy_until);
  }
  v.interval_ms = static_cast<std::uint64_t>(policy.interval);
  v.grace_ms = static_cast<std::uint64_t>(policy.grace);
  v.missed_limit = policy.limit;
  v.stall_after_ms = static_cast<std::uint64_t>(policy.stall_after);
  v.schedule = policy.set.schedule;
  v.time_zone = policy.set.time_zone;
  return v;
}

Deadline Fold::next_deadline(std::uint32_t number) const {
  const Row& row = impl_->rows[number];
  if (row.id == 0 || !is_watched(row.state())) return {};
  return deadline_of(row, impl_->rows.side(row), impl_->policy(row), impl_->blind);
}

void Fold::Impl::note(std::uint64_t seq) {
  applied = std::max(applied, seq);
  if (!row_as_of.empty() && applied > max_as_of) row_as_of = {};
}

std::uint32_t Fold::Impl::create(std::string_view agent_id, std::uint64_t seq, Ms at) {
  if (rows.size() >= options.max_agents) {
    ++counters.table_full;
    return no_row;
  }
  const std::uint32_t number = rows.add(agent_id);
  Row& row = rows[number];
  row.policy = policies.share({});
  row.last_seq = seq;
  row.set_at(at);
  row.status = static_cast<std::uint64_t>(Status::expected);
  ++by_status[static_cast<std::size_t>(Status::expected)];
  if (number < row_as_of.size()) row_as_of[number] = 0;
  return number;
}

void Fold::Impl::remove(std::uint32_t number, Ms at) {
  Row& row = rows[number];
  const Status before = row.state();
  groups.change(row.groups, &before, nullptr, at, policy(row).interval);
  --by_status[row.status];
  groups.leave(row.groups);
  policies.release(row.policy);
  rows.remove(number);
  if (number < row_as_of.size()) row_as_of[number] = 0;
}

void Fold::Impl::set_status(Row& row, Status after, Ms at) {
  const Status before = row.state();
  if (before == after) return;
  groups.change(row.groups, &before, &after, at, policy(row).interval);
  --by_status[static_cast<std::size_t>(before)];
  ++by_status[static_cast<std::size_t>(after)];
  row.status = static_cast<std::uint64_t>(after) & 7;
}

void Fold::Impl::set_policy(Row& row, const PolicyState& set) {
  bool bad_schedule = false;
  const std::uint32_t next = policies.share(set, &bad_schedule);
  if (bad_schedule && set.schedule != policy(row).set.schedule) ++counters.bad_schedules;
  policies.release(row.policy);
  row.policy = next;
}

void Fold::Impl::set_groups(Row& row, std::string_view peer, std::string_view host, std::string_view zone, Ms at) {
  const auto old = groups.names(row.groups);
  if (old.peer == peer && old.host == host && old.zone == zone) return;
  const std::uint32_t next = groups.join(peer, host, zone);
  const Status status = row.state();
  const Ms interval = policy(row).interval;
  groups.change(row.groups, &status, nullptr, at, interval);
  groups.change(next, nullptr, status == Status::offline ? nullptr : &status, at, interval);
  groups.leave(row.groups);
  row.groups = next;
}

void Fold::Impl::set_source(Row& row, Source source, Ms at) {
  if (source.connection == 0 || source.connection == row.connection) return;
  row.connection = source.connection;
  const bool loopback = source.peer.starts_with("127.") || source.peer == "::1";
  const auto old = groups.names(row.groups);
  const std::string host(old.host), zone(old.zone);
  set_groups(row, loopback ? std::string_view() : source.peer, host, zone, at);
}

namespace {

// Which of a row's verdicts can be done without first, if there are too many: what an agent is busy with, then single
// misses, then the rest; the beginnings and ends of its lives and outages last.
int weight(Verdict type) {
  switch (type) {
    case Verdict::status:
      return 0;
    case Verdict::missed:
      return 1;
    case Verdict::duplicate:
    case Verdict::stalled:
    case Verdict::resumed:
      return 2;
    default:
      return 3;
  }
}

}  // namespace

void Fold::Impl::owe(Row& row, Owed owed, Outcome& out) {
  std::vector<Owed>& list = rows.need_side(row).owed;
  for (const Owed& o : list)
    if (o.is(owed.type, owed.evidence_seq, owed.ordinal)) return;
  // The latest of these says all, and they are the large ones; but of registrations the first is news of its own.
  if (owed.type == Verdict::status || owed.type == Verdict::registered) {
    bool keep = owed.type == Verdict::registered;
    std::erase_if(list, [&](const Owed& o) { return o.type == owed.type && !std::exchange(keep, false); });
  }
  if (list.size() >= owed_per_row) {
    ++counters.owed_dropped;
    const auto least = std::min_element(
        list.begin(), list.end(), [](const Owed& a, const Owed& b) { return weight(a.type) < weight(b.type); });
    if (weight(owed.type) < weight(least->type)) return;
    // An outage goes with its end.
    const Ms ended = least->type == Verdict::timeout ? least->ended : 0;
    list.erase(least);
    std::erase_if(list, [&](const Owed& o) { return ended != 0 && o.type == Verdict::recovered && o.decided == ended; });
  }
  list.push_back(std::move(owed));
  ++out.new_owed;
}

std::uint32_t text_hash(std::string_view text) {
  if (text.empty()) return 0;
  std::uint32_t h = 2166136261U;  // FNV-1a
  for (const char c : text) h = (h ^ static_cast<std::uint8_t>(c)) * 16777619U;
  return h == 0 ? 1 : h;
}

}  // namespace lifesign::liveness
