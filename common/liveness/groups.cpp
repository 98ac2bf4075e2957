#include "liveness/groups.h"

#include <utility>

#include "base/assert.h"

namespace lifesign::liveness {
namespace {

std::string_view value_of(const std::string& name) {
  const std::size_t at = name.find('=');
  return at == std::string::npos ? std::string_view() : std::string_view(name).substr(at + 1);
}

}  // namespace

Groups::Groups() : groups_(1), sets_(1) {
  sets_[0].users = 1;
}

std::uint32_t Groups::join(std::string_view peer, std::string_view host, std::string_view zone) {
  if (peer.empty() && host.empty() && zone.empty()) return 0;
  std::string key;  // sizes come first, so that no two triples look alike
  for (const std::string_view part : {peer, host, zone})
    key.append(std::to_string(part.size())).append(":").append(part);
  if (const auto it = set_index_.find(key); it != set_index_.end()) {
    ++sets_[it->second].users;
    return it->second;
  }
  std::uint32_t number;
  if (free_sets_.empty()) {
    number = static_cast<std::uint32_t>(sets_.size());
    sets_.emplace_back();
  } else {
    number = free_sets_.back();
    free_sets_.pop_back();
  }
  Set& set = sets_[number];
  set.groups[0] = group_of("peer=", peer);
  set.groups[1] = group_of("host=", host);
  set.groups[2] = group_of("zone=", zone);
  set.users = 1;
  set.key = key;
  set_index_.emplace(std::move(key), number);
  return number;
}

void Groups::leave(std::uint32_t number) {
  if (number == 0) return;
  Set& set = sets_[number];
  LIFESIGN_ASSERT(set.users > 0, "set {} has no users", number);
  if (--set.users > 0) return;
  for (std::uint32_t& group : set.groups) drop_group(std::exchange(group, 0));
  set_index_.erase(set.key);
  set.key = {};
  free_sets_.push_back(number);
}

Groups::Names Groups::names(std::uint32_t number) const {
  const Set& set = sets_[number];
  return {value_of(groups_[set.groups[0]].name), value_of(groups_[set.groups[1]].name),
          value_of(groups_[set.groups[2]].name)};
}

void Groups::change(std::uint32_t number, const Status* before, const Status* after, Ms at, Ms interval) {
  if (number == 0) return;
  for (const std::uint32_t g : sets_[number].groups) {
    if (g == 0) continue;
    Group& group = groups_[g];
    if (before != nullptr && *before == Status::active) --group.active;
    if (before != nullptr && *before == Status::late) --group.late;
    if (after != nullptr && *after == Status::active) ++group.active;
    if (after != nullptr && *after == Status::late) ++group.late;
    if (after != nullptr && *after == Status::offline) {
      if (at - group.window > interval) {
        group.fresh_before = at - group.window > 2 * interval ? 0 : group.fresh;
        group.fresh = 0;
        group.window = at;
      }
      ++group.fresh;
    }
  }
}

std::uint32_t Groups::Group::fresh_at(Ms at, Ms interval) const {
  if (at - window > 2 * interval) return 0;
  return at - window > interval ? fresh : fresh + fresh_before;
}

std::string Groups::cut_off(std::uint32_t number, Status asker, Ms at, Ms interval) const {
  const Group* best = nullptr;
  std::uint32_t best_size = 0;
  for (const std::uint32_t g : sets_[number].groups) {
    if (g == 0) continue;
    const Group& group = groups_[g];
    const std::uint32_t fresh = group.fresh_at(at, interval);
    const std::uint32_t size = group.active + group.late + fresh;
    const std::uint32_t silent = group.late + fresh + (asker == Status::active ? 1 : 0);
    if (size >= cut_off_min_size && silent * 2 > size && size > best_size) {
      best = &group;
      best_size = size;
    }
  }
  return best == nullptr ? std::string() : best->name;
}

std::uint32_t Groups::group_of(std::string_view prefix, std::string_view value) {
  if (value.empty()) return 0;
  std::string name = std::string(prefix) + std::string(value);
  if (const auto it = group_index_.find(name); it != group_index_.end()) {
    ++groups_[it->second].sets;
    return it->second;
  }
  std::uint32_t number;
  if (free_groups_.empty()) {
    number = static_cast<std::uint32_t>(groups_.size());
    groups_.emplace_back();
  } else {
    number = free_groups_.back();
    free_groups_.pop_back();
  }
  groups_[number].name = name;
  groups_[number].sets = 1;
  group_index_.emplace(std::move(name), number);
  return number;
}

void Groups::drop_group(std::uint32_t number) {
  if (number == 0 || --groups_[number].sets > 0) return;
  group_index_.erase(groups_[number].name);
  groups_[number] = Group{};
  free_groups_.push_back(number);
}

}  // namespace lifesign::liveness
