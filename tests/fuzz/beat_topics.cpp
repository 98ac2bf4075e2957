// Which beats are published: subscriptions as XPUB hands them on come to the same as comparing topics.
#include "broker/beat_topics.h"

#include <algorithm>
#include <set>

#include "target.h"
#include "wire/event.h"
#include "wire/kinds.h"

namespace lifesign::fuzz {

void run(std::string_view input) {
  Input parts(input);
  broker::BeatTopics topics(1000);
  std::set<std::string> model;
  while (!parts.empty()) {
    const std::string_view message = parts.part();
    topics.apply(message);
    if (message.empty()) continue;
    const std::string topic(message.substr(1));
    // XPUB tells of the first subscriber to a topic and of the last that leaves, so a model may be a set.
    if (message[0] == 1) model.insert(topic);
    if (message[0] == 0) model.erase(topic);
  }
  if (model.size() > 60) return;  // near the bounds some are refused
  for (const std::string_view agent : {"a", "ab", "web-1", "web-10"}) {
    const std::string topic = wire::topic(wire::events::received, agent);
    const bool wanted =
        std::any_of(model.begin(), model.end(), [&](const std::string& prefix) { return topic.starts_with(prefix); });
    LIFESIGN_ASSERT(topics.wants(agent) == wanted, "beats of {}: {} where {} is right", agent, !wanted, wanted);
  }
}

}  // namespace lifesign::fuzz
