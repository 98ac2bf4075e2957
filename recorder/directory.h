// Agents by status, each in order of id: what lists, filters and checkpoints walk. Pure; holds row numbers and ids.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "liveness/types.h"

namespace lifesign::recorder {

class Directory {
 public:
  void add(std::string_view agent_id, std::uint32_t row, liveness::Status status);
  void remove(std::string_view agent_id, liveness::Status status);
  void move(std::string_view agent_id, liveness::Status from, liveness::Status to);

  std::size_t size(liveness::Status status) const { return of(status).size(); }

  // Walks agents in order of id, beginning at the first id above `after` and not below `from`; of one status, or of
  // all (five sorted lists merged). Invalid once the directory changes.
  class Walk {
   public:
    Walk(const Directory& directory, std::string_view after, std::string_view from,
         std::optional<liveness::Status> status);
    bool at_end() const { return best_ == liveness::statuses; }
    std::string_view agent_id() const { return at_[best_]->first; }
    std::uint32_t row() const { return at_[best_]->second; }
    void next();

   private:
    void pick();
    using Iterator = std::map<std::string, std::uint32_t, std::less<>>::const_iterator;
    std::array<Iterator, liveness::statuses> at_, end_;
    std::size_t best_ = liveness::statuses;
  };

 private:
  using Ids = std::map<std::string, std::uint32_t, std::less<>>;
  Ids& of(liveness::Status s) { return by_status_[static_cast<std::size_t>(s)]; }
  const Ids& of(liveness::Status s) const { return by_status_[static_cast<std::size_t>(s)]; }
  std::array<Ids, liveness::statuses> by_status_;
};

}  // namespace lifesign::recorder
