#include "broker/beat_topics.h"

#include <algorithm>

#include "wire/kinds.h"

namespace lifesign::broker {
namespace {

constexpr std::size_t max_prefixes = 64;  // each is compared with every beat

}  // namespace

void BeatTopics::apply(std::string_view message) {
  if (message.empty() || (message[0] != 0 && message[0] != 1)) return;
  const bool subscribe = message[0] == 1;
  const std::string_view topic = message.substr(1);
  const std::string beats = std::string(wire::events::received) + "/";

  if (std::string_view(beats).starts_with(topic)) {  // the empty topic too
    if (subscribe && wide_.size() < max_prefixes) wide_.insert(std::string(topic));
    if (!subscribe) wide_.erase(std::string(topic));
    all_ = !wide_.empty();
    return;
  }
  if (!topic.starts_with(beats)) return;
  std::string id(topic.substr(beats.size()));
  if (id.ends_with('/')) {
    id.pop_back();
    if (!subscribe)
      exact_.erase(id);
    else if (exact_.size() < max_topics_)
      exact_.insert(std::move(id));
    else
      ++refused_;
    return;
  }
  if (!subscribe)
    std::erase(prefixes_, id);
  else if (prefixes_.size() < max_prefixes)
    prefixes_.push_back(std::move(id));
  else
    ++refused_;
}

bool BeatTopics::wants(std::string_view agent_id) const {
  if (all_) return true;
  if (!exact_.empty() && exact_.contains(std::string(agent_id))) return true;
  return std::any_of(prefixes_.begin(), prefixes_.end(),
                     [agent_id](const std::string& prefix) { return agent_id.starts_with(prefix); });
}

}  // namespace lifesign::broker
