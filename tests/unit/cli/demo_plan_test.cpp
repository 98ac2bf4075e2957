#include "cli/demo_plan.h"

#include <catch2/catch.hpp>
#include <set>

using namespace lifesign::cli::demo;
using namespace std::chrono_literals;

TEST_CASE("a demonstration that looks often and one that looks rarely do the same", "[cli]") {
  auto all = due(-1us, 3 * round_length);
  std::vector<Step> often;
  for (auto at = -1us; at < 3 * round_length; at += 70ms) {
    for (const auto& step : due(at, std::min<lifesign::base::Micros>(at + 70ms, 3 * round_length)))
      often.push_back(step);
  }
  REQUIRE(often.size() == all.size());
  std::multiset<std::pair<std::int64_t, std::string_view>> a, b;
  for (const auto& step : all) a.emplace(step.at.count(), step.agent);
  for (const auto& step : often) b.emplace(step.at.count(), step.agent);
  CHECK(a == b);
}

TEST_CASE("whoever is killed or leaves returns in the same round", "[cli]") {
  std::set<std::string_view> away;
  for (const auto& step : due(-1us, round_length - 1us)) {
    if (step.action == Action::kill || step.action == Action::goodbye) away.insert(step.agent);
    if (step.action == Action::start) away.erase(step.agent);
  }
  CHECK(away.empty());
}

TEST_CASE("the worker stalls for longer than it is allowed to, and then works again", "[cli]") {
  CHECK_FALSE(stalls_at(0s));
  CHECK(stalls_at(stall_from));
  CHECK(stalls_at(round_length + stall_from));
  CHECK_FALSE(stalls_at(stall_to));
  CHECK(stall_to - stall_from > stall_after + interval);
}

TEST_CASE("the legend names every agent of the plan", "[cli]") {
  for (const auto& step : due(-1us, round_length)) CHECK(legend().find(step.agent) != std::string::npos);
}
