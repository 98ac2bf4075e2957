// Where the store is, and the totals up to there: written with every commit. See docs/storage.md, "Meta". Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "wire/reader.h"

namespace lifesign::recorder {

struct Position {
  static constexpr std::string_view key = "position";
  static constexpr std::size_t types = 17;

  std::uint64_t seq = 0;  // last one held; 0: nothing yet
  base::LogTime time{};
  std::uint64_t broker_run = 0;
  std::uint64_t from_seq = 0;  // first one of the log; 0: nothing yet
  std::uint64_t sweep_from = 0;
  std::uint64_t total_heartbeats = 0, missed_heartbeats = 0, events = 0;
  std::uint64_t untracked = 0;              // beats of agents over the bound: in the total, with no row
  std::array<std::uint64_t, types> last{};  // seq of the last event of each type, in the order of wire::events::all

  // The slot of a type's last seq; nothing for a type that this version does not know.
  std::uint64_t* last_of(std::string_view type);
};

std::string encode_position(const Position& position);
base::Status decode_position(wire::Bytes payload, Position& out);

}  // namespace lifesign::recorder
