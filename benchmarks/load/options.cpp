#include "load/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/text.h"
#include "cli/exit_code.h"
#include "cli/options.h"
#include "config/version.h"
#include "net/socket.h"
#include "wire/limits.h"

namespace lifesign::load {
namespace {

using base::Code;
using base::Error;
using namespace std::chrono_literals;

constexpr base::Micros longest = 24h;

Error wrong(std::string sentence) {
  return {Code::invalid_config, std::move(sentence)};
}

// One of a few words. CLI11's own way names the numbers behind an enumeration, which nobody can type.
template <class Enum, class Value>
void add_word(CLI::App& app, const std::string& name, Value& value, const std::string& type,
              const std::vector<std::pair<std::string, Enum>>& words, const std::string& help) {
  const auto parse = [&value, name, words](const std::string& text) {
    std::string allowed;
    for (const auto& [word, meant] : words) {
      if (word == text) {
        value = meant;
        return;
      }
      allowed += (allowed.empty() ? "" : ", ") + word;
    }
    throw CLI::ValidationError(name, fmt::format("\"{}\" is not one of {}", base::printable(text), allowed));
  };
  app.add_option_function<std::string>(name, parse, help)->type_name(type);
}

base::Status check_endpoint(const char* option, const std::string& endpoint) {
  if (endpoint.empty() || net::is_local(endpoint)) return {};
  return wrong(
      fmt::format("{} {} is refused: Lifesign listens on loopback (tcp://127.0.0.1:PORT) or ipc only, and a "
                  "load must not reach anybody else's machine; run lifesign-bench where the broker runs",
                  option, endpoint));
}

}  // namespace

base::Micros interval_of(const Options& options) {
  if (options.interval) return *options.interval;
  const base::Micros standard = 10s;
  if (options.die == 0) return standard;
  return std::clamp<base::Micros>(options.duration / 5, base::Millis(wire::limits::interval_ms_min), standard);
}

double rate_of(const Options& options) {
  if (!options.rate_is_interval) return options.rate;
  return options.agents / std::chrono::duration<double>(interval_of(options)).count();
}

std::uint32_t window_of(const Options& options) {
  if (options.window != 0) return options.window;
  // Enough on their way to fill several commits; few connections need more each than many.
  const std::uint32_t connections = std::max(1u, options.connections);
  const std::uint32_t most = std::clamp(65'536u / connections, 1u, window_most);
  return std::min(std::max(64u, 6'400u / connections), most);
}

PlanOptions plan_of(const Options& options) {
  return {.agents = options.agents,
          .connections = options.connections,
          .batch = options.batch,
          .interval = interval_of(options),
          .jitter = options.jitter,
          .beats_per_s = rate_of(options),
          .die = options.die,
          .warmup = options.warmup,
          .duration = options.duration,
          .seed = options.seed};
}

base::Status check(const Options& options) {
  if (options.connections > options.agents)
    return wrong(fmt::format("--connections {} is more than --agents {}: each connection needs an agent",
                             options.connections, options.agents));
  if (const std::uint32_t each = options.agents / options.connections; options.batch > each)
    return wrong(fmt::format(
        "--batch {} does not fit: a message holds beats of different agents of one connection, "
        "and {} agents over {} connections are {} on each; take --agents {} or more",
        options.batch, options.agents, options.connections, each, std::uint64_t{options.batch} * options.connections));
  if (options.duration.count() == 0 || options.duration > longest || options.warmup > longest)
    return wrong("--duration must be over 0s, and it and --warmup at most 24h");
  const auto interval_ms = std::chrono::floor<base::Millis>(interval_of(options)).count();
  if (interval_ms < static_cast<std::int64_t>(wire::limits::interval_ms_min) || interval_of(options) > longest)
    return wrong(fmt::format("--interval {} must be between {}ms and 24h", base::format_duration(interval_of(options)),
                             wire::limits::interval_ms_min));
  const base::Micros silence = silence_of(interval_of(options));
  if (options.die > 0 && options.duration <= silence)
    return wrong(
        fmt::format("--die needs a longer --duration: agents that promise a beat every {} are silent for {} to "
                    "be timed out and return, and --duration is {}; take a longer one, or a shorter --interval",
                    base::format_duration(interval_of(options)), base::format_duration(silence),
                    base::format_duration(options.duration)));
  for (const auto& [option, endpoint] :
       {std::pair{"--endpoint", &options.ingest}, {"--events", &options.events}, {"--query", &options.query}})
    if (auto local = check_endpoint(option, *endpoint); !local.ok()) return local;
  if (!options.running_system() && (!options.events.empty() || !options.query.empty()))
    return wrong(
        "--events and --query belong to a running system: name its ingest with --endpoint, or its folder with "
        "--data");
  if (options.receive == Receive::log && options.running_system() && options.data.empty())
    return wrong(
        "--receive log needs the token of the data folder: name the folder with --data, or take --receive events");
  if (options.receive == Receive::events && !options.ingest.empty() && options.data.empty() && options.events.empty())
    return wrong(
        "--receive events needs --events, the endpoint of the broker's events, or --data, the folder that says it");
  return {};
}

std::vector<std::string> notes_on(const Options& options) {
  std::vector<std::string> notes;
  const double rate = rate_of(options);
  const double turn_s = rate == 0 ? 0 : options.agents / rate;
  const double promised_s = std::chrono::duration<double>(interval_of(options)).count();
  if (turn_s > promised_s * 1.01)
    notes.push_back(
        fmt::format("at --rate {:.0f} each of {} agents beats every {:.3g} s, which is later than its "
                    "--interval {} promises: their timeouts are true",
                    rate, options.agents, turn_s, base::format_duration(interval_of(options))));
  const double warmup_s = std::chrono::duration<double>(options.warmup).count();
  if (options.die > 0 && warmup_s < turn_s)
    notes.push_back(
        fmt::format("some agents are to fall silent before they ever beat, and then nobody can miss them: a --warmup "
                    "of {:.3g}s would hear each once before",
                    turn_s));
  if (rate == 0 && options.jitter.count() != 0)
    notes.push_back("--jitter is of no effect without --rate: messages are sent as soon as the window has room");
  return notes;
}

std::optional<Options> parse(int argc, const char* const* argv, int& exit_code) {
  Options options;
  std::optional<base::Micros> jitter, warmup, duration, raw_duration;
  std::string rate;
  CLI::App app("Loads a Lifesign and measures it: one of its own that it starts and removes again, or a running one.",
               "lifesign-bench");
  app.set_version_flag("--version", fmt::format("lifesign-bench {}", config::version));
  app.fallthrough();
  const auto count = [&](const char* name, std::uint32_t& value, std::uint32_t min, std::uint32_t max,
                         const std::string& help) {
    app.add_option(name, value, help)->check(cli::not_negative())->check(CLI::Range(min, max))->capture_default_str();
  };
  count("--agents", options.agents, 1, agents_most, "How many agents beat");
  count("--connections", options.connections, 1, connections_most, "Over how many connections, evenly");
  count("--batch", options.batch, 1, wire::limits::beats_per_message, "Beats in a message");
  count("--window", options.window, 0, window_most, "Messages in flight on each connection; 0: 64, or more or fewer to make 6,400 to 65,536 in all");
  add_word<wire::Ack>(app, "--ack", options.ack, "LEVEL",
                      {{"none", wire::Ack::none}, {"received", wire::Ack::received}, {"recorded", wire::Ack::recorded}},
                      "What is answered: none, received or recorded (default recorded)");
  cli::add_duration(app, "--interval", options.interval,
                    "How often each agent promises to beat (default 10s; with --die a fifth of the duration at most)");
  cli::add_duration(app, "--jitter", jitter, "With --rate: a message comes up to so much later than its turn");
  app.add_option("--rate", rate,
                 "Beats a second of all agents together, or `interval`: each agent once in its interval (default: as "
                 "fast as it goes)");
  app.add_option("--die", options.die,
                 "Share of the agents, 0 to 1, that fall silent for twice their timeout and return")
      ->check(CLI::Range(0.0, 1.0));
  cli::add_duration(app, "--warmup", warmup, "Load that is not measured first (default 1s)");
  cli::add_duration(app, "--duration", duration, "How long to measure (default 10s)");
  add_word<Receive>(app, "--receive", options.receive, "WHERE",
                    {{"log", Receive::log}, {"events", Receive::events}, {"none", Receive::none}},
                    "Where 'received' is counted: log, events or none (default log)");
  app.add_option("--seed", options.seed, "Of jitter and deaths")->capture_default_str();
  app.add_flag("--json", options.json, "Answer with one JSON object");
  app.add_flag("--raw", options.raw, "Measure what ZeroMQ and LMDB alone do here too, and give ratios");
  cli::add_duration(app, "--raw-duration", raw_duration, "How long each of these is measured (default 3s)");
  app.add_option("--folder", options.folder,
                 "Where the temporary data folder is made (default the system's): its disk is measured");
  app.add_option("--data", options.data, "Data folder of a running Lifesign to load, in place of a private one");
  app.add_option("--endpoint,--ingest", options.ingest, "Ingest of a running Lifesign to load");
  app.add_option("--events", options.events, "Its events, with --endpoint");
  app.add_option("--query", options.query, "Its recorder, with --endpoint");
  const auto* raw = app.add_subcommand("raw", "Only what ZeroMQ and LMDB alone do here, with the same sizes");
  try {
    app.parse(argc, argv);
    options.jitter = jitter.value_or(options.jitter);
    options.warmup = warmup.value_or(options.warmup);
    options.duration = duration.value_or(options.duration);
    options.raw_duration = raw_duration.value_or(options.raw_duration);
    options.raw_only = raw->parsed();
    options.rate_is_interval = rate == "interval";
    if (!rate.empty() && !options.rate_is_interval) {
      if (!CLI::detail::lexical_cast(rate, options.rate) || !(options.rate > 0) || options.rate > 1e9)
        throw CLI::ValidationError(
            "--rate",
            fmt::format("{} is neither a number of beats a second over 0 nor `interval`", base::printable(rate)));
    }
  } catch (const CLI::Success& e) {
    exit_code = app.exit(e);
    return std::nullopt;
  } catch (const CLI::ParseError& e) {
    fmt::print(stderr, "lifesign-bench: {} (try `lifesign-bench --help`)\n", e.what());
    exit_code = cli::usage;
    return std::nullopt;
  }
  if (const base::Status sound = check(options); !sound.ok()) {
    fmt::print(stderr, "lifesign-bench: {}\n", sound.error().message);
    exit_code = cli::usage;
    return std::nullopt;
  }
  return options;
}

}  // namespace lifesign::load
