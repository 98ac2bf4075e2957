// Faults that no storm makes: mistakes built into the design on purpose, to see that the invariants notice.
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace lifesign::sim {

enum class Sabotage {
  none,
  undrained_ticks,  // the broker writes ticks whatever waits unread
  forget_blind,     // it does not say when it was blind
  early_ack,        // the recorder reports what it holds as recorded, not what is on disk
  drop_owed,        // a watchdog that starts does not tell what the snapshot owes
  forget_keys,      // the recorder does not find keys of verdicts that it stored
  deaf_subscriber,  // the subscriber looks at neither prev nor ticks
};

struct SabotageName {
  Sabotage what;
  std::string_view name;
};
inline constexpr std::array sabotages{SabotageName{Sabotage::undrained_ticks, "undrained-ticks"},
                                      SabotageName{Sabotage::forget_blind, "forget-blind"},
                                      SabotageName{Sabotage::early_ack, "early-ack"},
                                      SabotageName{Sabotage::drop_owed, "drop-owed"},
                                      SabotageName{Sabotage::forget_keys, "forget-keys"},
                                      SabotageName{Sabotage::deaf_subscriber, "deaf-subscriber"}};

inline std::optional<Sabotage> sabotage_of(std::string_view name) {
  for (const SabotageName& s : sabotages)
    if (s.name == name) return s.what;
  return std::nullopt;
}

}  // namespace lifesign::sim
