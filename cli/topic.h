// Topics as they are typed after `watch`: TYPE, TYPE/AGENT, or a group of types such as agent.* and heartbeat.*.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace lifesign::cli {

struct Topic {
  std::string type;
  std::string agent_id;  // empty: every agent
  bool operator==(const Topic&) const = default;
};

base::Result<std::vector<Topic>> parse_topics(const std::vector<std::string>& texts);

// Does any of them want it? No topics want everything.
bool wanted(const std::vector<Topic>& topics, const std::string& type, const std::string& agent_id);

}  // namespace lifesign::cli
