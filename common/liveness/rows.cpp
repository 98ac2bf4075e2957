#include "liveness/rows.h"

#include <cstring>
#include <functional>
#include <utility>

namespace lifesign::liveness {

std::uint32_t IdArena::add(std::string_view id) {
  LIFESIGN_ASSERT(!id.empty() && id.size() < 256, "an id of {} bytes", id.size());
  auto& free = free_[id.size()];
  std::uint32_t place;
  if (!free.empty()) {
    place = free.back();
    free.pop_back();
  } else {
    const auto need = static_cast<std::uint32_t>(id.size() + 1);
    if (used_ + need > chunk_bytes) {
      chunks_.push_back(std::make_unique<char[]>(chunk_bytes));
      used_ = chunks_.size() == 1 ? 1 : 0;  // place 0 means "no id"
    }
    place = static_cast<std::uint32_t>((chunks_.size() - 1) << chunk_bits) + used_;
    used_ += need;
  }
  char* p = chunks_[place >> chunk_bits].get() + (place & (chunk_bytes - 1));
  *p = static_cast<char>(id.size());
  std::memcpy(p + 1, id.data(), id.size());
  return place;
}

void IdArena::remove(std::uint32_t place) {
  free_[get(place).size()].push_back(place);
}

Rows::Rows() : index_(1024) {}

std::size_t Rows::hash(std::string_view id) {
  return std::hash<std::string_view>{}(id);
}

std::uint32_t Rows::find(std::string_view id) const {
  const std::size_t wanted = hash(id);
  for (std::size_t at = wanted & mask();; at = (at + 1) & mask()) {
    const Slot slot = index_[at];
    if (slot.row == empty_slot) return UINT32_MAX;
    if (slot.tag == tag_of(wanted) && this->id(slot.row) == id) return slot.row;
  }
}

void Rows::fetch(std::span<const std::string_view> ids, std::span<std::uint32_t> rows) const {
  LIFESIGN_ASSERT(rows.size() == ids.size() && ids.size() <= fetch_most, "{} rows, {} ids", rows.size(), ids.size());
  std::array<std::size_t, fetch_most> wanted;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    wanted[i] = hash(ids[i]);
    __builtin_prefetch(&index_[wanted[i] & mask()]);
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    std::size_t at = wanted[i] & mask();
    while (index_[at].row != empty_slot && index_[at].tag != tag_of(wanted[i])) at = (at + 1) & mask();
    rows[i] = index_[at].row == empty_slot ? UINT32_MAX : std::uint32_t{index_[at].row};
    if (rows[i] != UINT32_MAX) __builtin_prefetch(&(*this)[rows[i]], 1);
  }
  for (const std::uint32_t row : rows)
    if (row != UINT32_MAX) ids_.fetch((*this)[row].id);
}

std::uint32_t Rows::add(std::string_view id) {
  // Three quarters full at most.
  if ((size_ + 1) * 4 > index_.size() * 3) grow_index();
  std::uint32_t row;
  if (!free_rows_.empty()) {
    row = free_rows_.back();
    free_rows_.pop_back();
  } else {
    LIFESIGN_ASSERT(end_ < empty_slot, "{} rows", end_);
    row = end_++;
    if ((row >> chunk_bits) == chunks_.size()) chunks_.push_back(std::make_unique<Row[]>(chunk_rows));
  }
  (*this)[row] = Row{};
  (*this)[row].id = ids_.add(id);
  put_slot(hash(id), row);
  ++size_;
  return row;
}

void Rows::remove(std::uint32_t row) {
  LIFESIGN_ASSERT(in_use(row), "row {} is not in use", row);
  std::size_t hole = hash(id(row)) & mask();
  while (index_[hole].row != row) hole = (hole + 1) & mask();
  // Later members of the cluster move up, so that no search stops short at the hole.
  for (std::size_t next = (hole + 1) & mask(); index_[next].row != empty_slot; next = (next + 1) & mask()) {
    const std::size_t home = hash(id(index_[next].row)) & mask();
    if (((next - home) & mask()) >= ((next - hole) & mask())) {
      index_[hole] = index_[next];
      hole = next;
    }
  }
  index_[hole] = Slot{};

  Row& r = (*this)[row];
  if (Side* s = side(r)) {
    *s = Side{};
    trim_side(r);
  }
  ids_.remove(r.id);
  r = Row{};
  free_rows_.push_back(row);
  --size_;
}

Side& Rows::need_side(Row& row) {
  if (row.side == 0) {
    if (!free_sides_.empty()) {
      row.side = free_sides_.back();
      free_sides_.pop_back();
    } else {
      row.side = sides_end_++;
      if ((row.side >> side_bits) == sides_.size()) sides_.push_back(std::make_unique<Side[]>(side_mask + 1));
    }
  }
  return *side(row);
}

void Rows::trim_side(Row& row) {
  Side* s = side(row);
  if (s == nullptr || !s->empty()) return;
  *s = Side{};  // gives back what its vectors still hold
  free_sides_.push_back(row.side);
  row.side = 0;
}

void Rows::put_slot(std::size_t hash, std::uint32_t row) {
  std::size_t at = hash & mask();
  while (index_[at].row != empty_slot) at = (at + 1) & mask();
  index_[at].row = row & empty_slot;
  index_[at].tag = tag_of(hash) & 31;
}

void Rows::grow_index() {
  const std::vector<Slot> old = std::exchange(index_, std::vector<Slot>(index_.size() * 2));
  for (const Slot slot : old)
    if (slot.row != empty_slot) put_slot(hash(id(slot.row)), slot.row);
}

}  // namespace lifesign::liveness
