#include "recorder/state.h"

#include <fmt/format.h>

#include <initializer_list>

#include "recorder/derivation.h"
#include "recorder/seal.h"

namespace lifesign::recorder {
namespace {

constexpr std::size_t rows_per_batch = 4096;  // looked at by one slice, whether changed or not

base::Error row_error(std::string_view agent_id, std::string_view what) {
  return {base::Code::storage_failed, fmt::format("damaged database: row of agent {}: {}", agent_id, what)};
}

// Each item has a seq of its own, so a body of more items than seqs would reach into those of the next entry.
bool holds_its_items(const wire::Entry& entry) {
  wire::Reader reader(entry.body);
  std::uint32_t items = 0;
  return entry.kind == wire::Kind::tick || (reader.array(items) && items == entry.count);
}

std::string key_of(std::string_view prefix, std::string_view agent_id, std::initializer_list<std::uint64_t> numbers) {
  std::string key(prefix);
  key.append(agent_id).push_back('\0');
  for (const std::uint64_t number : numbers) append_be64(key, number);
  return key;
}

}  // namespace

std::string backfill_key(std::string_view agent_id, base::LogTime time, std::uint64_t seq) {
  return key_of("", agent_id, {base::to_wire(time), seq});
}

// A verdict's key begins with MessagePack's sign for a text, which is above ASCII.
std::string goodbye_identity(const wire::Goodbye& goodbye) {
  return key_of("g", goodbye.agent_id, {goodbye.run});
}

bool is_goodbye_identity(std::string_view key) {
  return key.starts_with('g');
}

std::string backfill_identity(const wire::Beat& beat) {
  return key_of("b", beat.agent_id, {beat.run, beat.run_seq});
}

bool is_backfill_identity(std::string_view key) {
  return key.starts_with('b');
}

base::Status check_entries(const wire::BatchHeader& header, wire::Bytes payload) {
  const auto wrong = [&](std::string_view what) {
    return base::Error{base::Code::bad_message,
                       fmt::format("the batch of seqs {} to {}: {}", header.first_seq, header.next_seq, what)};
  };
  if (header.first_seq > header.next_seq) return wrong("it ends before it begins");
  std::uint64_t next = header.first_seq;
  base::LogTime time{};
  wire::EntryList list(payload);
  for (wire::Entry entry; list.next(entry);) {
    if (entry.count == 0) continue;
    if (entry.first_seq != next) return wrong(fmt::format("seq {} comes where {} should", entry.first_seq, next));
    if (!holds_its_items(entry))
      return wrong(fmt::format("the entry at seq {} does not hold {} items", next, entry.count));
    if (entry.time < time) return wrong(fmt::format("the time of seq {} is before that of the one before it", next));
    time = entry.time;
    next += entry.count;
  }
  if (!list.status().ok()) return wrong(list.status().error().message);
  if (next != header.next_seq) return wrong(fmt::format("it holds seqs up to {} only", next));
  return {};
}

State::State(Options options, KeyLookup keys)
    : keys_(std::move(keys)), fold_(liveness::Fold::Options{.max_agents = options.max_agents}) {}

base::Result<Work> State::apply(const wire::BatchHeader& header, wire::Bytes payload) {
  if (auto status = check_entries(header, payload); !status.ok()) return status.error();
  if (auto status = check_seam(header, payload); !status.ok()) return status.error();
  Work work;
  Derivation derivation(*this, &work);
  wire::EntryList list(payload), ahead(payload);
  std::size_t fetched = 0;
  for (wire::Entry entry; list.next(entry); --fetched) {
    if (fetched == 0) fetched = look_ahead(ahead);
    if (entry.count == 0 || entry.first_seq + entry.count - 1 <= position_.seq) continue;
    if (work.entries.empty()) {
      work.first_seq = entry.first_seq;
      work.first_time = entry.time;
    }
    wire::append_entry(work.entries, entry);
    apply_entry(entry, derivation);
    position_.seq = entry.first_seq + entry.count - 1;
    position_.time = entry.time;
  }
  if (work.entries.empty()) return work;
  work.next_seq = position_.seq + 1;
  work.last_time = position_.time;
  position_.broker_run = header.broker_run;
  if (position_.from_seq == 0) position_.from_seq = work.first_seq;
  checkpoint(work);
  work.position = position_;
  return work;
}

std::size_t State::look_ahead(wire::EntryList& ahead) {
  const std::size_t entries = fold_.look_ahead(ahead, rows_ahead_);
  for (const std::uint32_t row : rows_ahead_)
    if (row < slots_.size()) __builtin_prefetch(&slots_[row], 1);
  return entries;
}

// What is held ends between two entries of the batch, never inside one.
base::Status State::check_seam(const wire::BatchHeader& header, wire::Bytes payload) const {
  if (header.first_seq > position_.seq) return {};
  wire::EntryList list(payload);
  for (wire::Entry entry; list.next(entry);) {
    if (entry.first_seq <= position_.seq && entry.first_seq + entry.count > position_.seq + 1) {
      return base::Error{base::Code::bad_message,
                         fmt::format("the entry at seq {} reaches over {}, where this database ends: it is another log",
                                     entry.first_seq, position_.seq)};
    }
  }
  return {};
}

void State::apply_entry(const wire::Entry& entry, Derivation& derivation) {
  // The broker checked what it sequenced; an item that is refused all the same is kept in the log and has no effect,
  // in every replay alike.
  if (!fold_.apply_entry(entry, &derivation).ok()) ++bad_entries_;
}

State::Slot& State::make_slot(std::string_view agent_id, std::uint32_t row, base::LogTime created) {
  while (slots_.size() <= row) slots_.emplace_back();
  Slot& slot = slots_[row];
  LIFESIGN_ASSERT(!slot.used, "row {} of {} is in use", row, agent_id);
  slot = Slot{Profile(created), liveness::Status::expected, true, true};
  directory_.add(agent_id, row, slot.status);
  return slot;
}

State::Slot* State::settle(std::string_view agent_id, const liveness::Outcome& outcome, base::LogTime time) {
  if (outcome.row == liveness::no_row || outcome.result == liveness::Result::skipped) return nullptr;
  if (outcome.created) make_slot(agent_id, outcome.row, time);
  LIFESIGN_ASSERT(outcome.row < slots_.size(), "row {} of {}", outcome.row, slots_.size());
  Slot& slot = slots_[outcome.row];
  LIFESIGN_ASSERT(slot.used, "row {} of {} is not in use", outcome.row, agent_id);
  if (outcome.forgotten) {
    directory_.remove(agent_id, slot.status);
    slot = Slot{};
    return nullptr;
  }
  slot.dirty = true;
  if (slot.status != outcome.after) {
    directory_.move(agent_id, slot.status, outcome.after);
    slot.status = outcome.after;
    slot.profile.status_since = time;
  }
  return &slot;
}

bool State::is_repeated_key(const std::string& key, std::uint64_t seq) const {
  if (const auto pending = pending_keys_.find(key); pending != pending_keys_.end()) return pending->second != seq;
  const std::optional<std::uint64_t> stored = keys_(key);
  return stored.has_value() && *stored != seq;
}

void State::hold_key(const std::string& key, std::uint64_t seq) {
  pending_keys_.emplace(key, seq);
  pending_order_.emplace_back(seq, key);
}

void State::committed(std::uint64_t seq) {
  while (!pending_order_.empty() && pending_order_.front().first <= seq) {
    pending_keys_.erase(pending_order_.front().second);
    pending_order_.pop_front();
  }
}

std::string State::encode_row(std::uint32_t row) const {
  std::string out;
  wire::Writer writer(out);
  liveness::RowState state = fold_.export_row(row);
  state.as_of = std::max(state.as_of, position_.seq);  // the fold does not count an entry that it refused
  writer.map(2).text("fold");
  liveness::encode(writer, state);
  slots_[row].profile.encode(writer.text("profile"));
  return out;
}

// One slice: about as many bytes of changed rows as the batch has bytes, so that the disk's work stays in proportion
// and the log that recovery must replay stays in proportion to the rows.
void State::checkpoint(Work& work) {
  sweep_budget_ = std::min<std::int64_t>(sweep_budget_, 0) + static_cast<std::int64_t>(work.entries.size());
  if (sweep_budget_ <= 0) return;
  if (!sweeping_) return begin_sweep();
  Directory::Walk walk(directory_, sweep_cursor_, {}, std::nullopt);
  for (std::size_t seen = 0; seen < rows_per_batch && sweep_budget_ > 0 && !walk.at_end(); walk.next(), ++seen) {
    sweep_cursor_.assign(walk.agent_id());
    Slot& slot = slots_[walk.row()];
    if (!slot.dirty) continue;
    work.rows.push_back({sweep_cursor_, encode_row(walk.row())});
    slot.dirty = false;
    sweep_budget_ -= static_cast<std::int64_t>(work.rows.back().payload.size());
  }
  if (!walk.at_end()) return;
  work.fleet = std::move(sweep_fleet_);
  position_.sweep_from = sweep_began_;
  sweeping_ = false;
  ++sweeps_;
}

void State::begin_sweep() {
  sweeping_ = true;
  sweep_began_ = position_.seq;
  sweep_cursor_.clear();
  sweep_fleet_.clear();
  wire::Writer writer(sweep_fleet_);
  liveness::FleetState fleet = fold_.export_fleet();
  fleet.as_of = sweep_began_;
  liveness::encode(writer, fleet);
  sweep_budget_ -= static_cast<std::int64_t>(sweep_fleet_.size());
}

void State::load_position(const Position& position) {
  position_ = position;
}

base::Status State::load_fleet(wire::Bytes payload) {
  liveness::FleetState fleet;
  wire::Reader reader(payload);
  if (auto status = liveness::decode(reader, fleet); !status.ok()) {
    return base::Error{base::Code::storage_failed, "damaged database: the fleet's state: " + status.error().message};
  }
  return fold_.load_fleet(fleet);
}

base::Result<StoredRow> decode_row(std::string_view agent_id, wire::Bytes payload) {
  wire::Reader reader(payload);
  std::uint32_t pairs = 0;
  StoredRow row;
  bool has_fold = false;
  if (!reader.map(pairs)) return row_error(agent_id, "not a map");
  for (std::uint32_t i = 0; i < pairs; ++i) {
    std::string_view key;
    base::Status status;
    if (!reader.text(key)) return row_error(agent_id, "not a map of names");
    if (key == "fold") {
      status = liveness::decode(reader, row.fold);
      has_fold = true;
    } else if (key == "profile") {
      status = row.profile.decode(reader);
    } else if (!reader.skip()) {
      return row_error(agent_id, "it is cut");
    }
    if (!status.ok()) return row_error(agent_id, status.error().message);
  }
  if (!has_fold || row.fold.agent_id != agent_id) return row_error(agent_id, "it is another agent's or none");
  return row;
}

base::Status State::load_row(std::string_view agent_id, wire::Bytes payload) {
  auto decoded = decode_row(agent_id, payload);
  if (!decoded.ok()) return decoded.error();
  liveness::RowState& row = decoded->fold;
  // It was not written in the last full sweep if it had not changed: it is as good as of then.
  row.as_of = std::max(row.as_of, position_.sweep_from);
  if (auto status = fold_.load_row(row); !status.ok()) return row_error(agent_id, status.error().message);
  const std::uint32_t number = fold_.find(agent_id);
  Slot& slot = make_slot(agent_id, number, {});
  slot.profile = std::move(decoded->profile);
  slot.dirty = false;
  slot.status = row.status;
  directory_.move(agent_id, liveness::Status::expected, row.status);
  return {};
}

base::Status State::replay(const Chunk& chunk) {
  Derivation derivation(*this, nullptr);
  wire::EntryList list(chunk.entries);
  for (wire::Entry entry; list.next(entry);) {
    if (entry.first_seq > position_.sweep_from && entry.first_seq <= position_.seq) apply_entry(entry, derivation);
  }
  return list.status();
}

void State::recovered() {
  sweeping_ = false;
  bad_entries_ = 0;
}

}  // namespace lifesign::recorder
