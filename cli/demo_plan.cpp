#include "cli/demo_plan.h"

namespace lifesign::cli::demo {
namespace {

using namespace std::chrono_literals;

// Once, at the beginning.
constexpr Step opening[] = {
    {0s, Action::start, "web-1"},   {0s, Action::start, "web-2"},    {0s, Action::start, worker},
    {0s, Action::start, "cache-1"}, {0s, Action::start, "deploy-1"},
};
// Each round, the first one too.
constexpr Step scenario[] = {
    {2s, Action::expect, ghost},        {5s, Action::kill, "cache-1"},    {12s, Action::start, "cache-1"},
    {16s, Action::goodbye, "deploy-1"}, {21s, Action::start, "deploy-1"},
};

}  // namespace

bool stalls_at(base::Micros since_start) {
  const auto at = since_start % round_length;
  return at >= stall_from && at < stall_to;
}

std::vector<Step> due(base::Micros after, base::Micros until) {
  std::vector<Step> out;
  for (const auto& step : opening) {
    if (step.at > after && step.at <= until) out.push_back(step);
  }
  const auto first = after < base::Micros(0) ? 0 : after / round_length;
  for (auto number = first; number * round_length <= until; ++number) {
    for (auto step : scenario) {
      step.at += number * round_length;
      if (step.at > after && step.at <= until) out.push_back(step);
    }
  }
  return out;
}

std::string legend() {
  return "The fleet (each beats once a second; a round takes 24 s and begins again):\n"
         "  web-1, web-2   steady: you should never hear of them again\n"
         "  worker-1       works, then hangs: it still beats, but its progress stands still -> agent.stalled, "
         "agent.resumed\n"
         "  cache-1        is killed with no word, and returns -> heartbeat.missed, agent.timeout, agent.recovered\n"
         "  deploy-1       says goodbye and comes again -> agent.stopped, agent.ready; nobody is alarmed\n"
         "  night-backup   is expected and never comes -> agent.expected, agent.timeout (never_seen)\n";
}

}  // namespace lifesign::cli::demo
