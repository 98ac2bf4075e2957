// agents, show: who is there and how they are.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <memory>

#include "cli/agent_text.h"
#include "cli/label.h"
#include "cli/options.h"
#include "cli/subcommands.h"

namespace lifesign::cli {
namespace {

constexpr std::size_t page = 500;

struct AgentsOptions {
  std::string status, prefix;
  std::vector<std::string> labels;
  std::size_t limit = 1000;
};

int run_agents(const Context& context, const AgentsOptions& options) {
  auto labels = parse_labels(options.labels);
  if (!labels) return fail(context, labels.error());
  AgentsRequest request{
      .status = options.status, .labels = *labels, .prefix = options.prefix, .limit = page, .cursor = {}};
  auto query = context.make_query();
  Table table = agents_table();
  std::size_t shown = 0;
  bool more = false;
  while (true) {
    auto answer = query.agents(request);
    if (!answer) return fail(context, answer.error(), Asked::recorder);
    for (const auto& item : (*answer)["agents"].items()) {
      if ((more = options.limit != 0 && shown == options.limit)) break;
      auto agent = record_to_json(item.packed());
      if (!agent) return fail(context, agent.error());
      ++shown;
      if (context.json) {
        print_json(*agent);
      } else {
        add_agent_row(table, *agent, base::wall_now());
      }
    }
    request.cursor = (*answer)["cursor"];
    if (more || !request.cursor || request.cursor.type() == Value::Type::nil) break;
  }
  if (context.json) return ok;
  if (!table.empty()) {
    print(table.render(context.out));
  } else if (options.status.empty() && options.prefix.empty() && options.labels.empty()) {
    print("No agents yet. Send a first sign of life: lifesign beat web-1\n");
  } else {
    print("No agent matches. `lifesign agents` alone lists them all.\n");
  }
  if (more) print(fmt::format("… and more than these {}; --limit 0 shows all.\n", shown));
  return ok;
}

int run_show(const Context& context, const std::string& id) {
  auto query = context.make_query();
  auto answer = query.agent(id);
  if (!answer) return fail(context, answer.error(), Asked::recorder);
  auto agent = record_to_json(answer->packed());
  if (!agent) return fail(context, agent.error());
  if (context.json) {
    print_json(*agent);
  } else {
    print(agent_card(*agent, base::wall_now(), context.out));
  }
  return ok;
}

}  // namespace

void add_agents(CLI::App& app, Context& context) {
  auto options = std::make_shared<AgentsOptions>();
  auto* agents = app.add_subcommand("agents", "List agents");
  agents->add_option("--status", options->status, "Only those that are expected, active, late, offline or stopped")
      ->check(CLI::IsMember({"expected", "active", "late", "offline", "stopped"}));
  agents->add_option("--label", options->labels, "Only those with key=value; repeatable, all must match");
  agents->add_option("--prefix", options->prefix, "Only those whose id begins so");
  agents->add_option("--limit", options->limit, "At most so many; 0: all (default 1000)")->check(not_negative());
  agents->callback([&context, options] { context.exit = run_agents(context, *options); });

  auto id = std::make_shared<std::string>();
  auto* show = app.add_subcommand("show", "Show all that is known of one agent");
  show->add_option("AGENT", *id, "Its id")->required();
  show->callback([&context, id] { context.exit = run_show(context, *id); });
}

}  // namespace lifesign::cli
