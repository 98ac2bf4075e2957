#include "cli/topic.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "wire/kinds.h"

namespace lifesign::cli {

base::Result<std::vector<Topic>> parse_topics(const std::vector<std::string>& texts) {
  std::vector<Topic> out;
  for (const auto& text : texts) {
    const auto slash = text.find('/');
    const auto type = text.substr(0, slash);
    auto agent = slash == std::string::npos ? std::string() : text.substr(slash + 1);
    if (agent.ends_with('/')) agent.pop_back();
    if (!agent.empty() && !base::is_agent_id(agent)) {
      return base::Error{base::Code::invalid_agent_id, fmt::format("\"{}\" in the topic \"{}\" cannot be an agent's id",
                                                                   base::printable(agent), base::printable(text))};
    }
    const bool group = type.ends_with(".*");
    const auto before = out.size();
    for (auto known : wire::events::all) {
      if (group ? known.starts_with(type.substr(0, type.size() - 1)) : known == type)
        out.push_back({std::string(known), agent});
    }
    if (out.size() == before) {
      return base::Error{
          base::Code::invalid_value,
          fmt::format("there are no events of type \"{}\"; there are for example agent.timeout, agent.*, "
                      "heartbeat.received/web-1",
                      base::printable(type))};
    }
  }
  return out;
}

bool wanted(const std::vector<Topic>& topics, const std::string& type, const std::string& agent_id) {
  return topics.empty() || std::any_of(topics.begin(), topics.end(), [&](const Topic& topic) {
           return topic.type == type && (topic.agent_id.empty() || topic.agent_id == agent_id);
         });
}

}  // namespace lifesign::cli
