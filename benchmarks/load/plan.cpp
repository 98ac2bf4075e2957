#include "load/plan.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>

#include "base/assert.h"

namespace lifesign::load {
namespace {

// splitmix64: a number for each (seed, group, turn) with nothing to remember.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

std::uint32_t share_of(std::uint32_t agents, std::uint32_t connection, std::uint32_t connections) {
  return static_cast<std::uint32_t>(std::uint64_t{agents} * connection / connections);
}

}  // namespace

base::Micros timeout_of(base::Micros interval) {
  return 2 * interval;
}

base::Micros silence_of(base::Micros interval) {
  return 2 * timeout_of(interval);
}

Plan::Plan(const PlanOptions& options) : options_(options) {
  LIFESIGN_ASSERT(options.batch > 0 && options.connections > 0, "batch {} connections {}", options.batch,
                  options.connections);
  for (std::uint32_t c = 0; c < options.connections; ++c) {
    first_groups_.push_back(static_cast<std::uint32_t>(groups_.size()));
    const std::uint32_t end = share_of(options.agents, c + 1, options.connections);
    for (std::uint32_t agent = share_of(options.agents, c, options.connections); agent < end; agent += options.batch)
      groups_.push_back({c, agent, std::min(options.batch, end - agent)});
  }
  first_groups_.push_back(static_cast<std::uint32_t>(groups_.size()));
  silences_of_.resize(groups_.size());
  plan_silences();
}

std::uint32_t Plan::group_of(std::uint32_t agent) const {
  const auto next = std::upper_bound(groups_.begin(), groups_.end(), agent,
                                     [](std::uint32_t a, const Group& group) { return a < group.first_agent; });
  return static_cast<std::uint32_t>(next - groups_.begin()) - 1;
}

base::Micros Plan::due(std::uint32_t group, std::uint64_t turn) const {
  const double period_us = 1e6 * options_.agents / options_.beats_per_s;
  // Neighbours in time are of different connections, so that no connection gets its messages in one burst.
  const std::uint32_t connection = groups_[group].connection;
  const std::uint32_t first = first_groups_[connection];
  const double groups = first_groups_[connection + 1] - first;
  const double spread = (group - first + static_cast<double>(connection) / options_.connections) / groups;
  const double at = (spread + static_cast<double>(turn)) * period_us;
  const auto jitter = static_cast<std::uint64_t>(options_.jitter.count());
  const std::uint64_t late = jitter == 0 ? 0 : mix(mix(options_.seed ^ group) + turn) % (jitter + 1);
  return base::Micros(static_cast<std::int64_t>(at) + static_cast<std::int64_t>(late));
}

bool Plan::silent_at(std::uint32_t group, base::Micros since_start) const {
  if (silences_of_[group] == 0) return false;
  const std::size_t first = silences_of_[group] - 1;
  for (std::size_t i = first; i < first + silences_each_; ++i)
    if (since_start >= silences_[i].from && since_start < silences_[i].to) return true;
  return false;
}

// The duration is cut into cycles of at least two silences' length; each dying group is silent once in each, at a time
// of its own, so that deaths and returns are spread over the run and nobody dies before it can have recovered.
void Plan::plan_silences() {
  const base::Micros silence = silence_of(options_.interval);
  const auto dying = static_cast<std::size_t>(std::llround(options_.die * static_cast<double>(groups_.size())));
  if (dying == 0 || silence.count() == 0 || silence >= options_.duration) return;
  silences_each_ = static_cast<std::uint32_t>(std::max<std::int64_t>(1, options_.duration / (2 * silence)));
  const base::Micros cycle = options_.duration / silences_each_;
  std::vector<std::uint32_t> order(groups_.size());
  std::iota(order.begin(), order.end(), 0u);
  std::mt19937_64 random(options_.seed);
  std::shuffle(order.begin(), order.end(), random);
  for (std::size_t i = 0; i < std::min(dying, order.size()); ++i) {
    silences_of_[order[i]] = static_cast<std::uint32_t>(silences_.size()) + 1;
    // The same offset in each cycle: between two silences lies at least another one's length.
    const base::Micros offset(
        static_cast<std::int64_t>(random() % static_cast<std::uint64_t>((cycle - silence).count() + 1)));
    for (std::uint32_t n = 0; n < silences_each_; ++n) {
      const base::Micros from = options_.warmup + n * cycle + offset;
      silences_.push_back({from, from + silence});
    }
    deaths_ += std::uint64_t{groups_[order[i]].count} * silences_each_;
  }
}

}  // namespace lifesign::load
