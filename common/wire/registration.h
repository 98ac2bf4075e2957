// What an agent says of itself, and what a person commands: registration and command maps.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace lifesign::wire {

// Rare, so it owns its text. A field that is not set leaves what was known before.
struct Registration {
  std::string agent_id;
  std::uint64_t run = 0;
  std::optional<std::string> name, type;
  std::optional<std::vector<std::string>> capabilities;
  std::optional<std::map<std::string, std::string>> labels;
  std::optional<std::string> metadata;  // a packed map
  std::optional<std::uint64_t> interval_ms, grace_ms, missed_limit, stall_after_ms;
  std::optional<std::string> schedule, time_zone;

  bool operator==(const Registration&) const = default;
};

base::Status read_registration(Reader& reader, Registration& out);
void write_registration(Writer& writer, const Registration& registration);

struct Command {
  std::string type;  // agent.expected, agent.stopped, agent.forgotten
  std::string by, why;
  Registration agent;  // agent_id always; the rest with agent.expected
};

base::Status read_command(Reader& reader, Command& out);
void write_command(Writer& writer, const Command& command);

// Cron and time zone are text here; whether they parse is for common/liveness/schedule.h to say.

}  // namespace lifesign::wire
