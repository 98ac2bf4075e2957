// up: runs broker, recorder and watchdog on one machine and keeps them running.
#include <fmt/format.h>
#include <sys/stat.h>

#include <CLI/App.hpp>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "base/stop_signal.h"
#include "base/text.h"
#include "cli/demo_fleet.h"
#include "cli/options.h"
#include "cli/subcommands.h"
#include "cli/supervisor.h"
#include "config/data_folder.h"
#include "net/data_dir.h"

namespace lifesign::cli {
namespace {

using namespace std::chrono_literals;

constexpr base::Micros look_every = 100ms;  // demonstration steps
constexpr base::Micros patience = 15s;      // for one process to stop
constexpr base::Micros slow_start = 20s;    // then it is said what is waited for

struct UpOptions {
  bool demo = false;
  std::optional<std::uint32_t> port;
  std::string config, log_level, log_format;
};

// Whole, since it is typed in another terminal, which may be anywhere.
std::string path_to_type(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::absolute(path, ignored).lexically_normal().string();
}

// What a person types to reach this one.
std::string command_of(const Context& context) {
  std::error_code ignored;
  const auto program = std::filesystem::path(program_folder()) / "lifesign";
  std::string out = path_to_type(program);
  for (std::string_view path = std::getenv("PATH") == nullptr ? "" : std::getenv("PATH"); !path.empty();) {
    const auto folder = path.substr(0, path.find(':'));
    path.remove_prefix(std::min(path.size(), folder.size() + 1));
    if (std::filesystem::equivalent(std::filesystem::path(folder) / "lifesign", program, ignored)) out = "lifesign";
  }
  return context.folder() == config::data_folder("") ? out : out + " --data " + path_to_type(context.folder());
}

std::vector<Service> services_of(const Context& context, const UpOptions& options) {
  std::vector<Service> out;
  for (const char* name : {"broker", "recorder", "watchdog"}) {
    std::vector<std::string> command{fmt::format("{}/lifesign-{}", program_folder(), name), "--data", context.folder()};
    auto add = [&](const char* option, const std::string& value) {
      if (value.empty()) return;
      command.push_back(option);
      command.push_back(value);
    };
    add("--config", options.config);
    add("--log-level", options.log_level.empty() && options.demo ? "warn" : options.log_level);
    add("--log-format", options.log_format);
    if (options.port && std::string_view(name) != "watchdog") add("--port", fmt::format("{}", *options.port));
    out.push_back({name, std::move(command)});
  }
  return out;
}

// Has this very process written where it listens? What an earlier one wrote may be somebody else's port by now.
bool has_bound(const Context& context, const Supervisor& supervisor, const char* name) {
  const auto started = supervisor.started(name);
  struct stat file {};
  const auto path = fmt::format("{}/{}.endpoints", context.folder(), name);
  if (!started || ::stat(path.c_str(), &file) != 0) return false;
  const auto written = std::chrono::seconds(file.st_mtim.tv_sec) + std::chrono::nanoseconds(file.st_mtim.tv_nsec);
  return written + 20ms >= *started;  // file times are those of the kernel's last tick
}

// What is still missing; empty when everything answers.
std::string missing(const Context& context, const Supervisor& supervisor) {
  if (!supervisor.all_running()) return "a process is being started again";
  for (const char* name : {"broker", "recorder"}) {
    if (!has_bound(context, supervisor, name)) return fmt::format("the {} does not listen yet", name);
  }
  Context brief = context;
  brief.timeout = 300ms;
  auto commands = brief.make_commands("", Ack::none);
  auto status = commands.status();
  if (!status) return "the broker does not answer yet";
  if (!(*status)["broker"]["recorder_connected"].boolean_or(false))
    return "the recorder is not connected to the broker yet";
  auto query = brief.make_query();
  if (!query.totals()) return "the recorder does not answer yet";
  const auto report = (*status)["services"]["watchdog"];
  const auto age = base::Micros(base::Millis(report["age_ms"].u64_or(0)));
  if (!report.exists() || base::wall_now() - age < *supervisor.started("watchdog"))
    return "the watchdog has not reported yet";
  if (report["counters"]["judging"].u64_or(0) == 0) return "the watchdog waits for the recorder's snapshot";
  return "";
}

void say_ready(const Context& context, const UpOptions& options) {
  const auto command = command_of(context);
  const auto heading = [&](const char* text) { return context.out.paint(Colour::bold, text); };
  print(fmt::format("{} broker, recorder and watchdog answer. Agents beat to {}. Data: {}\n",
                    context.out.paint(Colour::green, "ready:"), context.endpoint("ingest"), context.folder()));
  print(heading("Type in another terminal:") + "\n");
  const char* subject = options.demo ? "cache-1" : "web-1";
  if (!options.demo) print(fmt::format("  {} beat web-1 --interval 10s      send a first sign of life\n", command));
  print(fmt::format("  {} agents                         who is alive\n", command));
  print(fmt::format("  {} show {:<25} all that is known of one\n", command, subject));
  print(fmt::format("  {} watch                          what happens, as it happens\n", command));
  print(fmt::format("  {} status                         how Lifesign itself is\n", command));
  print("Ctrl-C here stops everything.\n");
  if (options.demo) print("\n" + demo::legend() + "\n" + heading("What happens:") + "\n");
  std::fflush(stdout);
}

class Up {
 public:
  Up(const Context& context, const UpOptions& options)
      : context_(context),
        options_(options),
        program_(program_folder() + "/lifesign"),
        supervisor_(services_of(context, options), [this](const std::string& text) { say(text); }),
        fleet_(context, program_) {}

  int run() {
    base::StopSignal stop;
    if (auto dir = net::DataDir::open(context_.folder()); !dir) return fail(context_, dir.error());
    if (auto started = supervisor_.start(); !started) return fail(context_, started.error());
    const auto began = base::monotonic_now();
    bool ready = false, complained = false;
    while (!stop.raised() && !supervisor_.gave_up()) {
      supervisor_.step(stop, ready && !options_.demo ? base::Micros(1s) : look_every);
      if (stop.raised() || supervisor_.gave_up()) break;
      if (!ready) {
        const auto waits_for = missing(context_, supervisor_);
        ready = waits_for.empty();
        if (ready) on_ready();
        if (!ready && !complained && base::monotonic_now() - began > slow_start) {
          complained = true;
          say(fmt::format("still not ready after {}: {}", base::format_duration(slow_start), waits_for));
        }
      } else if (options_.demo) {
        fleet_.step(base::monotonic_now());
      }
    }
    finish(stop);
    return supervisor_.gave_up().value_or(ok);
  }

 private:
  void say(const std::string& text) const {
    std::fflush(stdout);
    fmt::print(stderr, "{} {}\n", context_.err.paint(Colour::bold, "lifesign up:"), text);
  }

  void on_ready() {
    say_ready(context_, options_);
    if (!options_.demo) return;
    auto viewer = Child::start("watch", {program_, "watch", "--brief", "--data", context_.folder()});
    if (viewer) viewer_.emplace(std::move(*viewer));
  }

  // Agents first, so that their goodbyes are taken; the watchdog next, while its last verdicts can still be published;
  // then the broker, which hands the recorder the end of the log; the recorder last, when nothing more can come.
  void finish(base::StopSignal& stop) {
    if (stop.raised()) say("stopping …");
    fleet_.stop();
    if (viewer_) {
      viewer_->signal(SIGTERM);
      viewer_->wait(2s);
      viewer_.reset();
    }
    supervisor_.stop(stop, {"watchdog", "broker", "recorder"}, patience);
    if (stop.raised()) say("all stopped");
  }

  const Context& context_;
  const UpOptions& options_;
  std::string program_;
  Supervisor supervisor_;
  demo::Fleet fleet_;
  std::optional<Child> viewer_;
};

}  // namespace

void add_up(CLI::App& app, Context& context) {
  auto options = std::make_shared<UpOptions>();
  auto* sub = app.add_subcommand("up", "Run broker, recorder and watchdog, and keep them running until Ctrl-C");
  sub->add_flag("--demo", options->demo, "With a small fleet of agents that come, hang, die and return");
  sub->add_option("--port", options->port, "First of four TCP ports; 0: any that are free (default 7400)")
      ->check(CLI::Range(0, 65'532));
  sub->add_option("--config", options->config, "TOML file with settings for all processes")->envname("LIFESIGN_CONFIG");
  sub->add_option("--log-level", options->log_level,
                  "trace, debug, info, warn, error or off (default info; with --demo warn)");
  sub->add_option("--log-format", options->log_format, "text or json (default text)");
  sub->callback([&context, options] { context.exit = Up(context, *options).run(); });
}

}  // namespace lifesign::cli
