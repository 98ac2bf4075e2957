// All that the recorder holds in memory: the liveness fold, profiles, directory, position, and the running checkpoint.
// Pure: batches in, what is to be stored out. It reads no clock and touches no disk; keys are looked up by a function
// that is handed in. Not synchronised: see shared_state.h.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/error.h"
#include "liveness/fold.h"
#include "recorder/chunk.h"
#include "recorder/directory.h"
#include "recorder/position.h"
#include "recorder/profile.h"
#include "recorder/work.h"
#include "wire/log.h"

namespace lifesign::recorder {

// The seq of what is stored under a key (a verdict's, or a backfilled beat's identity), if there is anything.
using KeyLookup = std::function<std::optional<std::uint64_t>(std::string_view key)>;

class State {
 public:
  struct Options {
    std::uint64_t max_agents = liveness::agents_max_default;
  };
  explicit State(Options options, KeyLookup keys);

  // --- live. Applies the entries of a batch that are past position().seq and returns what is to be stored; a Work
  // without entries if there were none. An error (and nothing applied): entries that do not follow one another or the
  // header. A hole between position() and the batch is the caller's to judge: it is taken, and is blind time at once.
  base::Result<Work> apply(const wire::BatchHeader& header, wire::Bytes payload);
  // Everything up to `seq` is on disk: keys up to there are found by the lookup.
  void committed(std::uint64_t seq);

  // --- recovery, in this order: position, fleet (if stored), rows, then chunks from after position.sweep_from.
  void load_position(const Position& position);
  base::Status load_fleet(wire::Bytes payload);
  base::Status load_row(std::string_view agent_id, wire::Bytes payload);
  base::Status replay(const Chunk& chunk);
  void recovered();  // after the last chunk

  // --- reading
  const Position& position() const { return position_; }
  const liveness::Fold& fold() const { return fold_; }
  const Directory& directory() const { return directory_; }
  const Profile& profile(std::uint32_t row) const { return slots_[row].profile; }
  std::uint64_t bad_entries() const { return bad_entries_; }  // bodies that the fold refused; stored, not applied
  std::uint64_t sweeps() const { return sweeps_; }

  std::string encode_row(std::uint32_t row) const;

 private:
  class Derivation;
  struct Slot {
    Profile profile;
    liveness::Status status = liveness::Status::expected;  // under which it is listed
    bool used = false;
    bool dirty = false;  // changed since it was written out
  };

  Slot* settle(std::string_view agent_id, const liveness::Outcome& outcome, base::LogTime time);
  Slot& make_slot(std::string_view agent_id, std::uint32_t row, base::LogTime created);
  bool is_repeated_key(const std::string& key, std::uint64_t seq) const;
  void hold_key(const std::string& key, std::uint64_t seq);  // until it is committed
  std::size_t look_ahead(wire::EntryList& ahead);            // as the fold does
  base::Status check_seam(const wire::BatchHeader& header, wire::Bytes payload) const;
  void apply_entry(const wire::Entry& entry, Derivation& derivation);
  void checkpoint(Work& work);
  void begin_sweep();

  KeyLookup keys_;
  liveness::Fold fold_;
  std::deque<Slot> slots_;  // by row; a deque, so that growing moves nothing
  Directory directory_;
  Position position_;
  std::unordered_map<std::string, std::uint64_t> pending_keys_;  // not on disk yet
  std::deque<std::pair<std::uint64_t, std::string>> pending_order_;
  std::uint64_t bad_entries_ = 0;
  std::vector<std::uint32_t> rows_ahead_;

  // The running sweep.
  bool sweeping_ = false;
  std::uint64_t sweep_began_ = 0;
  std::string sweep_cursor_;
  std::string sweep_fleet_;  // the fleet as the sweep began; stored when it is complete
  std::int64_t sweep_budget_ = 0;
  std::uint64_t sweeps_ = 0;
};

// A stored row.
struct StoredRow {
  liveness::RowState fold;
  Profile profile;
};
base::Result<StoredRow> decode_row(std::string_view agent_id, wire::Bytes payload);

// The entries follow one another from `header.first_seq` to `header.next_seq`, each with as many items as it counts;
// unsequenced ones (count 0) may be between.
base::Status check_entries(const wire::BatchHeader& header, wire::Bytes payload);

// Key of the backfill table.
std::string backfill_key(std::string_view agent_id, base::LogTime time, std::uint64_t seq);
// What is the same when a backfilled beat is sent again; its key in `keys`, where verdicts begin otherwise.
std::string backfill_identity(const wire::Beat& beat);
bool is_backfill_identity(std::string_view key);
// The same for the goodbye of a run of an agent that has no row to know it by.
std::string goodbye_identity(const wire::Goodbye& goodbye);
bool is_goodbye_identity(std::string_view key);

}  // namespace lifesign::recorder
