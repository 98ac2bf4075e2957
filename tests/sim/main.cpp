// lifesign-sim: worlds in storms. See docs/reliability.md.
//
//   lifesign-sim                                        some worlds of each storm
//   lifesign-sim --storm restart --seed 1234            one world again
//   lifesign-sim --sabotage forget-blind                must fail
#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>

#include "sim/world.h"

namespace {

using namespace lifesign::sim;
using lifesign::base::Micros;

constexpr const char* usage =
    "usage: lifesign-sim [--storm KIND] [--seed N] [--worlds N] [--seconds N] [--agents N] [--sabotage KIND] [--json]\n"
    "  --worlds: of each storm (with --seed and no --worlds: that one); --seconds: of storm in each world\n";

struct Arguments {
  WorldOptions world;
  const Storm* storm = nullptr;  // null: all
  std::uint64_t worlds = 8;
  bool json = false;
  std::string sabotage;
};

bool number(const char* text, std::uint64_t& out) {
  const auto [end, error] = std::from_chars(text, text + std::strlen(text), out);
  return error == std::errc() && *end == '\0';
}

bool parse(int argc, char** argv, Arguments& out) {
  bool one = false, many = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    if (option == "--json") {
      out.json = true;
      continue;
    }
    if (++i == argc) return false;
    std::uint64_t n = 0;
    const bool good = number(argv[i], n);
    if (option == "--storm" && (out.storm = storm_of(argv[i])) != nullptr) continue;
    if (option == "--sabotage" && sabotage_of(argv[i])) {
      out.world.sabotage = *sabotage_of(argv[i]);
      out.sabotage = argv[i];
    } else if (option == "--seed" && good) {
      out.world.seed = n;
      one = true;
    } else if (option == "--worlds" && good) {
      out.worlds = n;
      many = true;
    } else if (option == "--seconds" && good) {
      out.world.storm_time = std::chrono::seconds(n);
    } else if (option == "--agents" && good) {
      out.world.agents = n;
    } else {
      return false;
    }
  }
  if (one && !many) out.worlds = 1;
  return true;
}

void show_failure(const Arguments& arguments, const WorldOptions& world, const Tally& tally) {
  for (const std::string& what : tally.broken) fmt::print(stderr, "  {}\n", what);
  fmt::print(stderr, "seed {} of storm {} broke {} promises; again:\n", world.seed, world.storm->name,
             tally.false_timeouts + tally.missed_deaths + tally.other);
  fmt::print(stderr, "  build/release/tests/lifesign-sim --storm {} --seed {} --seconds {} --agents {}{}\n",
             world.storm->name, world.seed, world.storm_time / Micros(1'000'000), world.agents,
             arguments.sabotage.empty() ? "" : " --sabotage " + arguments.sabotage);
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (!parse(argc, argv, arguments)) {
    std::fputs(usage, stderr);
    return 2;
  }
  if (!arguments.json)
    fmt::print("{:<14} {:>6} {:>10} {:>10} {:>8} {:>9} {:>6} {:>6} {:>6} {:>8} {:>11} {:>12}\n", "storm", "worlds",
               "beats", "deadlines", "faults", "timeouts", "false", "missed", "other", "worst ms", "naive false",
               "naive missed");
  Tally all;
  std::string json;
  for (const Storm& storm : storms) {
    if (arguments.storm != nullptr && &storm != arguments.storm) continue;
    Tally sum;
    for (std::uint64_t i = 0; i < arguments.worlds; ++i) {
      WorldOptions options = arguments.world;
      options.storm = &storm;
      options.seed += i;
      const Tally tally = World(options).run();
      if (!tally.good()) show_failure(arguments, options, tally);
      sum.add(tally);
    }
    if (!arguments.json) fmt::print("{}", to_text(sum, storm.name));
    std::fflush(stdout);
    json += (json.empty() ? "" : ",") + to_json(sum, storm.name);
    all.add(sum);
  }
  if (arguments.json)
    fmt::print("{{\"storms\":[{}],\"all\":{}}}\n", json, to_json(all, "all"));
  else
    fmt::print(
        "{}{} agents, {} beats called recorded, {} lost in blind spans, {} untold (the documented gap), {} "
        "uncounted, {} unclear, {} events to subscribers, {} drained ticks\n",
        to_text(all, "all"), all.agents, all.acked, all.lost_blind, all.untold, all.uncounted, all.unclear, all.events,
        all.ticks);
  return all.good() ? 0 : 1;
}
