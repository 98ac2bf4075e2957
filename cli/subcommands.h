// Each subcommand group adds itself to the command line; its callback sets context.exit.
#pragma once

#include "cli/context.h"

namespace CLI {
class App;
}

namespace lifesign::cli {

void add_beat(CLI::App& app, Context& context);
void add_agents(CLI::App& app, Context& context);   // agents, show
void add_history(CLI::App& app, Context& context);  // history
void add_events(CLI::App& app, Context& context);   // events
void add_watch(CLI::App& app, Context& context);    // watch
void add_people(CLI::App& app, Context& context);   // expect, retire, forget
void add_status(CLI::App& app, Context& context);
void add_check(CLI::App& app, Context& context);
void add_config(CLI::App& app, Context& context);
void add_up(CLI::App& app, Context& context);
void add_demo_agent(CLI::App& app, Context& context);  // hidden

}  // namespace lifesign::cli
