#include "recorder/directory.h"

#include "base/assert.h"

namespace lifesign::recorder {

void Directory::add(std::string_view agent_id, std::uint32_t row, liveness::Status status) {
  const bool added = of(status).emplace(std::string(agent_id), row).second;
  LIFESIGN_ASSERT(added, "agent {} is listed twice", agent_id);
}

void Directory::remove(std::string_view agent_id, liveness::Status status) {
  const auto found = of(status).find(agent_id);
  LIFESIGN_ASSERT(found != of(status).end(), "agent {} is not listed", agent_id);
  of(status).erase(found);
}

void Directory::move(std::string_view agent_id, liveness::Status from, liveness::Status to) {
  if (from == to) return;
  const auto found = of(from).find(agent_id);
  LIFESIGN_ASSERT(found != of(from).end(), "agent {} is not listed", agent_id);
  of(to).insert(of(from).extract(found));
}

Directory::Walk::Walk(const Directory& directory, std::string_view after, std::string_view from,
                      std::optional<liveness::Status> status) {
  for (std::size_t i = 0; i < liveness::statuses; ++i) {
    const Ids& ids = directory.by_status_[i];
    end_[i] = ids.end();
    const bool wanted = !status || static_cast<std::size_t>(*status) == i;
    if (!wanted)
      at_[i] = end_[i];
    else
      at_[i] = !after.empty() && after >= from ? ids.upper_bound(after) : ids.lower_bound(from);
  }
  pick();
}

void Directory::Walk::next() {
  ++at_[best_];
  pick();
}

void Directory::Walk::pick() {
  best_ = liveness::statuses;
  for (std::size_t i = 0; i < liveness::statuses; ++i) {
    if (at_[i] == end_[i]) continue;
    if (best_ == liveness::statuses || at_[i]->first < at_[best_]->first) best_ = i;
  }
}

}  // namespace lifesign::recorder
