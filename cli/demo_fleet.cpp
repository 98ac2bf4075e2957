#include "cli/demo_fleet.h"

#include <csignal>
#include <cstdio>

namespace lifesign::cli::demo {

void Fleet::step(base::Micros now) {
  if (began_ < base::Micros(0)) began_ = now;
  const auto since = now - began_;
  for (const auto& step : due(done_, since)) act(step);
  done_ = since;
}

void Fleet::act(const Step& step) {
  const auto found = agents_.find(step.agent);
  switch (step.action) {
    case Action::start: {
      if (found != agents_.end()) agents_.erase(found);
      auto child = Child::start(std::string(step.agent), {program_, "demo-agent", std::string(step.agent), "--ingest",
                                                          context_.endpoint("ingest")});
      if (child) {
        agents_.emplace(step.agent, std::move(*child));
      } else {
        fail(context_, child.error());
      }
      return;
    }
    case Action::kill:
      if (found != agents_.end()) found->second.signal(SIGKILL);
      return;
    case Action::goodbye:
      if (found != agents_.end()) found->second.signal(SIGTERM);
      return;
    case Action::expect:
      expect_ghost();
      return;
  }
}

void Fleet::expect_ghost() const {
  auto token = context_.token();
  if (!token) return;
  // Its own short timeout: the supervisor must not wait long for a demonstration.
  Commands commands(
      {.endpoint = context_.endpoint("ingest"), .token = *token, .timeout = Millis(500), .ack = Ack::received});
  const Person person{"lifesign up --demo", "to show what happens when it never comes"};
  // Forgotten first, so that each round tells the story from its beginning. In the first there is nothing to forget.
  (void)commands.forget(std::string(ghost), person).ok();
  Registration registration;
  registration.interval = std::chrono::ceil<Millis>(interval);
  registration.missed_limit = 3;
  (void)commands.expect(std::string(ghost), registration, person).ok();
}

void Fleet::stop() {
  for (auto& [name, child] : agents_) child.signal(SIGTERM);
  for (auto& [name, child] : agents_) child.wait(std::chrono::seconds(3));
  agents_.clear();
}

}  // namespace lifesign::cli::demo
