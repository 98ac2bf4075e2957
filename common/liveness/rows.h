// The table of agents: 64 bytes a row, found by id. Made for a million: chunks (nothing is ever moved or doubled), ids
// in an arena, an open-addressed index of row numbers, and whatever most agents don't have in a side table.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "liveness/row_state.h"
#include "liveness/runs.h"
#include "liveness/types.h"

namespace lifesign::liveness {

// One cache line. `id` 0 marks a row that is not in use.
struct alignas(64) Row {
  std::uint64_t last_seq = 0;
  std::uint64_t run = 0;
  std::uint64_t last : 44 = 0;  // Ms; lasts to the year 2527
  std::uint64_t status : 3 = 0;
  std::uint64_t cause : 3 = 0;
  std::uint64_t misses : 7 = 0;
  std::uint64_t closed : 1 = 0;  // the current run said goodbye
  std::uint64_t known : 1 = 0;   // agent.registered was made due
  std::uint64_t stalled : 1 = 0;
  std::uint64_t duplicate_told : 1 = 0;
  std::uint64_t wide : 1 = 0;  // the seen ranges are in the side table
  std::uint64_t beaten : 1 = 0;
  std::uint32_t seen_first = 0, seen_last = 0;  // one range of run_seq; 0: none
  std::uint32_t id = 0;
  std::uint32_t policy = 0;
  std::uint32_t groups = 0;
  std::uint32_t connection = 0;
  std::uint32_t side = 0;                                  // 0: none
  std::uint32_t activity = 0, task = 0, registration = 0;  // hashes

  Status state() const { return static_cast<Status>(status); }
  Cause why() const { return static_cast<Cause>(cause); }
  Ms at() const { return static_cast<Ms>(last); }
  void set_at(Ms ms) { last = static_cast<std::uint64_t>(ms) & ((1ULL << 44) - 1); }
};
static_assert(sizeof(Row) == 64, "a row is one cache line");

// What most agents don't need.
struct Side {
  Ms offline_since = 0;
  Ms busy_until = 0;
  std::uint64_t progress = 0;
  Ms progress_since = 0;
  bool has_progress = false;
  Silence silence;
  std::unique_ptr<SeenRanges> wide;  // of the current run
  struct Run {
    std::uint64_t run = 0;
    bool closed = false;
    SeenRanges seen;
  };
  std::vector<Run> earlier;  // latest first
  std::unique_ptr<PolicyState> next_settings;
  std::vector<Owed> owed;

  bool empty() const {
    return offline_since == 0 && busy_until == 0 && !has_progress && silence.evidence_seq == 0 && !wide &&
           !next_settings && earlier.empty() && owed.empty();
  }
};

// Ids, each with its length before it. Freed places are used again for ids of the same length.
class IdArena {
 public:
  std::uint32_t add(std::string_view id);
  void remove(std::uint32_t place);
  std::string_view get(std::uint32_t place) const {
    const char* p = chunks_[place >> chunk_bits].get() + (place & (chunk_bytes - 1));
    return {p + 1, static_cast<std::uint8_t>(*p)};
  }
  void fetch(std::uint32_t place) const {
    __builtin_prefetch(chunks_[place >> chunk_bits].get() + (place & (chunk_bytes - 1)));
  }

 private:
  static constexpr std::uint32_t chunk_bits = 16;
  static constexpr std::uint32_t chunk_bytes = 1U << chunk_bits;
  std::vector<std::unique_ptr<char[]>> chunks_;
  std::uint32_t used_ = chunk_bytes;  // of the last chunk
  std::array<std::vector<std::uint32_t>, 256> free_;
};

class Rows {
 public:
  Rows();

  std::uint32_t find(std::string_view id) const;  // UINT32_MAX: not there
  // Brings what find() and the rows of `ids` will need into the cache, for all of them at once: find() alone waits for
  // memory three times, one after the other. `rows` gets where they are, if they are there (UINT32_MAX: they are not).
  // A hint, for at most fetch_most ids.
  static constexpr std::size_t fetch_most = 64;  // what they need fits the first cache
  void fetch(std::span<const std::string_view> ids, std::span<std::uint32_t> rows) const;
  std::uint32_t add(std::string_view id);  // must not be there yet
  void remove(std::uint32_t row);          // with its side

  Row& operator[](std::uint32_t row) { return chunks_[row >> chunk_bits][row & (chunk_rows - 1)]; }
  const Row& operator[](std::uint32_t row) const { return chunks_[row >> chunk_bits][row & (chunk_rows - 1)]; }
  bool in_use(std::uint32_t row) const { return row < end_ && (*this)[row].id != 0; }
  std::string_view id(std::uint32_t row) const { return ids_.get((*this)[row].id); }
  std::size_t size() const { return size_; }
  std::uint32_t end() const { return end_; }

  Side* side(const Row& row) { return row.side == 0 ? nullptr : &sides_[row.side >> side_bits][row.side & side_mask]; }
  const Side* side(const Row& row) const {
    return row.side == 0 ? nullptr : &sides_[row.side >> side_bits][row.side & side_mask];
  }
  Side& need_side(Row& row);
  void trim_side(Row& row);  // gives an empty side back

 private:
  static constexpr std::uint32_t chunk_bits = 12, chunk_rows = 1U << chunk_bits;
  static constexpr std::uint32_t side_bits = 8, side_mask = (1U << side_bits) - 1;
  // Five bits of the id's hash beside the row: so that hardly any other row is looked at on the way. Rows are counted
  // by agents, of which there are at most 100 million.
  static constexpr std::uint32_t empty_slot = (1U << 27) - 1;
  struct Slot {
    std::uint32_t row : 27 = empty_slot;
    std::uint32_t tag : 5 = 0;
  };
  static_assert(sizeof(Slot) == 4);

  static std::size_t hash(std::string_view id);
  static std::uint32_t tag_of(std::size_t hash) { return static_cast<std::uint32_t>(hash >> 59); }
  std::size_t mask() const { return index_.size() - 1; }
  void put_slot(std::size_t hash, std::uint32_t row);
  void grow_index();

  std::vector<std::unique_ptr<Row[]>> chunks_;
  std::vector<std::unique_ptr<Side[]>> sides_;
  std::vector<std::uint32_t> free_rows_, free_sides_;
  std::uint32_t end_ = 0, sides_end_ = 1;
  std::size_t size_ = 0;
  IdArena ids_;
  std::vector<Slot> index_;  // a power of two, so that a hash is a place
};

}  // namespace lifesign::liveness
