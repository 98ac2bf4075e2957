#include "cli/command_line.h"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>

#include "cli/folder_check.h"
#include "cli/options.h"
#include "cli/subcommands.h"
#include "config/version.h"

namespace lifesign::cli {
namespace {

constexpr const char* closing =
    "Durations read 300ms, 10s, 2m, 1h. Every subcommand has --help, and the options of `lifesign --help`: --data, "
    "--json,\n"
    "--timeout, --ingest, --events, --query.\n"
    "Exit codes: 0 ok, 1 failed, 2 usage, 3 no answer in time or a port is taken, 4 not found or the data folder is "
    "in\n"
    "use, 5 storage refused or damaged.\n"
    "Start here: lifesign up --demo";

void add_shared(CLI::App& app, Context& context, std::optional<base::Micros>& timeout) {
  app.add_option("--data", context.data,
                 "Data folder (default $LIFESIGN_DATA, else $XDG_STATE_HOME/lifesign, else ~/.local/state/lifesign)")
      ->envname("LIFESIGN_DATA");
  app.add_flag("--json", context.json, "Answer with JSON: one object, or one object a line");
  add_duration(app, "--timeout", timeout, "How long to wait for an answer (default 5s)");
  app.add_option("--ingest", context.ingest, "Endpoint of the broker for requests (default: as the data folder says)");
  app.add_option("--events", context.events, "Endpoint of the broker for events (default: as the data folder says)");
  app.add_option("--query", context.query, "Endpoint of the recorder (default: as the data folder says)");
}

base::Status check_place(const CLI::App& app, const Context& context) {
  for (const CLI::App* sub : app.get_subcommands()) {
    const auto endpoints = endpoints_of(sub->get_name());
    if (auto folder = check_folder(context, endpoints); !folder.ok()) return folder;
    if (sub->get_name() == "status") continue;  // it shows what is missing, beside what is there
    for (const auto name : endpoints)
      if (auto known = check_endpoint(context, name); !known.ok()) return known;
  }
  return {};
}

}  // namespace

int run(int argc, const char* const* argv) {
  Context context;
  context.out = terminal_of(STDOUT_FILENO);
  context.err = terminal_of(STDERR_FILENO);

  CLI::App app("Lifesign tells which agents are alive.", "lifesign");
  app.set_version_flag("--version", fmt::format("lifesign {}", config::version));
  app.require_subcommand(1);
  app.footer(closing);
  app.fallthrough();  // shared options may stand behind the subcommand too
  std::optional<base::Micros> timeout;
  add_shared(app, context, timeout);
  app.parse_complete_callback([&] {
    context.timeout = timeout.value_or(context.timeout);
    if (context.timeout.count() == 0)
      throw base::Error{base::Code::invalid_value, "--timeout: 0s leaves nobody time to answer; 5s is the default"};
    if (const base::Status place = check_place(app, context); !place.ok()) throw place.error();
  });

  add_up(app, context);
  add_status(app, context);
  add_beat(app, context);
  add_agents(app, context);
  add_history(app, context);
  add_events(app, context);
  add_watch(app, context);
  add_people(app, context);
  add_check(app, context);
  add_config(app, context);
  add_demo_agent(app, context);

  // `lifesign events | head` should end in silence, as other commands do; everything else is an error value.
  try {
    app.parse(argc, argv);
  } catch (const base::Error& e) {
    return fail(context, e);
  } catch (const CLI::Success& e) {
    return app.exit(e);
  } catch (const CLI::ParseError& e) {
    if (app.get_subcommands().empty() && argc > 1 && argv[1][0] != '-') {
      const auto wrong = fmt::format("there is no command \"{}\"; `lifesign --help` lists them", safe(argv[1]));
      return fail(context, base::Error{base::Code::invalid_config, wrong});
    }
    const bool named = argc > 1 && !app.get_subcommands().empty();
    const auto help = named ? "lifesign " + app.get_subcommands().front()->get_name() + " --help" : "lifesign --help";
    return fail(context, base::Error{base::Code::invalid_config, fmt::format("{} (try `{}`)", e.what(), help)});
  } catch (const std::exception& e) {
    return fail(context, base::Error{base::Code::io_failed, e.what()});
  }
  return context.exit;
}

}  // namespace lifesign::cli
