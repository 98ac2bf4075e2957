// What the recorder knows of an agent beside the liveness fold: its names, its words, its totals. Pure.
//
// A million of them are held, most of them bare: what only registered or talkative agents have is on the side.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/time.h"
#include "liveness/fold.h"
#include "wire/beat.h"
#include "wire/registration.h"

namespace lifesign::recorder {

class Profile {
 public:
  Profile() = default;
  explicit Profile(base::LogTime created) : created_at(created), status_since(created) {}

  base::LogTime created_at{};
  base::LogTime status_since{};
  base::LogTime last_heartbeat{};  // epoch: none yet
  std::uint64_t total_heartbeats = 0;
  std::uint64_t missed_heartbeats = 0;
  std::uint64_t progress = 0;
  std::uint64_t error_count = 0;
  bool has_progress = false;

  void take(const wire::Beat& beat, base::LogTime time);  // a beat that keeps its agent alive
  void take(const wire::Registration& registration);

  bool has_label(std::string_view name, std::string_view value) const;

  void encode(wire::Writer& writer) const;
  base::Status decode(wire::Reader& reader);

  // The agent as queries show it: the map of docs/protocol.md, "An agent".
  void describe(wire::Writer& writer, std::string_view agent_id, const liveness::RowView& view,
                std::uint64_t as_of) const;

 private:
  struct Said {  // by beats
    std::string activity, task, busy_reason, metrics;
    bool operator==(const Said&) const = default;
  };
  using Registered = wire::Registration;
  Said& said();
  Registered& registered();

  std::unique_ptr<Said> said_;
  std::unique_ptr<Registered> registered_;  // name, type, capabilities, labels, metadata; the rest is the fold's
};

}  // namespace lifesign::recorder
