// status: how Lifesign itself is.
#include <CLI/App.hpp>

#include "cli/folder_check.h"
#include "cli/status_text.h"
#include "cli/subcommands.h"

namespace lifesign::cli {
namespace {

Json unreachable(const std::string& why) {
  return {{"reachable", false}, {"error", why}};
}

Json with_reachable(const Json& counters) {
  Json out{{"reachable", true}};
  out.update(counters);
  return out;
}

int run_status(const Context& context) {
  Json out = Json::object();
  bool all_up = true;

  auto commands = context.make_commands("", Ack::none);
  if (auto place = check_endpoint(context, "ingest"); !place.ok()) {
    out["broker"] = unreachable(place.error().message);
    all_up = false;
  } else if (auto answer = commands.status(); !answer) {
    out["broker"] = unreachable(answer.error().message);
    all_up = false;
  } else {
    auto broker = record_to_json((*answer)["broker"].packed());
    auto services = to_json((*answer)["services"].packed());
    if (!broker) return fail(context, broker.error());
    out["broker"] = with_reachable(*broker);
    out["services"] = services && services->is_object() ? *services : Json::object();
    all_up = out["services"].contains("watchdog") && service_is_up(out["services"]["watchdog"]);
  }

  auto query = context.make_query();
  if (auto place = check_endpoint(context, "query"); !place.ok()) {
    out["recorder"] = unreachable(place.error().message);
    all_up = false;
  } else if (auto answer = query.status(); !answer) {
    out["recorder"] = unreachable(answer.error().message);
    all_up = false;
  } else {
    auto recorder = record_to_json(answer->packed());
    if (!recorder) return fail(context, recorder.error());
    out["recorder"] = with_reachable(*recorder);
    if (auto totals = query.totals(); totals) {
      if (auto json = record_to_json(totals->packed()); json) out["totals"] = *json;
    }
  }

  if (context.json) {
    print_json(out);
  } else {
    print(status_text(out, context.out));
    if (!all_up) print("\nNot everything runs. `lifesign up` starts it; its own messages say what stops a process.\n");
  }
  return all_up ? ok : not_reachable;
}

}  // namespace

void add_status(CLI::App& app, Context& context) {
  auto* sub = app.add_subcommand("status", "Show each process, how far behind it is, and its counters");
  sub->callback([&context] { context.exit = run_status(context); });
}

}  // namespace lifesign::cli
