// events: what happened, from the recorder.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <deque>
#include <memory>

#include "cli/event_text.h"
#include "cli/options.h"
#include "cli/subcommands.h"
#include "wire/kinds.h"

namespace lifesign::cli {
namespace {

constexpr std::size_t page = 1000;

struct EventsOptions {
  std::uint64_t since = 0;
  std::optional<std::uint64_t> until;
  std::vector<std::string> types;
  std::string agent;
  std::size_t last = 0;
};

void show(const Context& context, const Json& event) {
  if (context.json) {
    print(line_of(event) + "\n");
  } else {
    print(event_line(event, context.out, false) + "\n");
  }
}

// Is there any event of this agent?
Result<bool> has_events(Query& query, const std::string& agent) {
  for (EventsRequest request{.agent_id = agent, .limit = 1};;) {
    auto answer = query.events(request);
    if (!answer) return answer.error();
    if (!(*answer)["events"].items().empty()) return true;
    const auto next = (*answer)["next"].u64();
    if (!next) return false;
    request.since = *next;
  }
}

// Nothing was found. An agent that nobody has heard of is an error, as a slip of the pen would be; one that was
// forgotten has no row, but its events are still there.
int none_found(const Context& context, const EventsOptions& options, Query& query) {
  if (!options.agent.empty()) {
    if (auto row = query.agent(options.agent); !row) {
      if (row.error().code != Code::not_found) return fail(context, row.error(), Asked::recorder);
      auto any = has_events(query, options.agent);
      if (!any) return fail(context, any.error(), Asked::recorder);
      if (!*any) {
        const auto text = fmt::format("no agent {} is known, and there are no events of it", safe(options.agent));
        return fail(context, base::Error{base::Code::not_found, text});
      }
    }
  }
  if (!context.json) print("No such events. `lifesign watch` shows what happens from now on.\n");
  return ok;
}

int run_events(const Context& context, const EventsOptions& options) {
  EventsRequest request{
      .since = options.since, .until = options.until, .types = options.types, .agent_id = options.agent, .limit = page};
  auto query = context.make_query();
  std::deque<Json> newest;  // with --last
  bool any = false;
  while (true) {
    auto answer = query.events(request);
    if (!answer) return fail(context, answer.error(), Asked::recorder);
    for (const auto& item : (*answer)["events"].items()) {
      auto event = record_to_json(item.packed());
      if (!event) return fail(context, event.error());
      any = true;
      if (options.last == 0) {
        show(context, *event);
        continue;
      }
      newest.push_back(std::move(*event));
      if (newest.size() > options.last) newest.pop_front();
    }
    const auto next = (*answer)["next"].u64();
    if (!next) break;
    request.since = *next;
  }
  for (const auto& event : newest) show(context, event);
  return any ? ok : none_found(context, options, query);
}

}  // namespace

void add_events(CLI::App& app, Context& context) {
  auto options = std::make_shared<EventsOptions>();
  auto* sub = app.add_subcommand("events", "List what happened");
  sub->add_option("--since", options->since, "After this seq (default 0: from the beginning)")->check(not_negative());
  sub->add_option("--until", options->until, "Up to this seq")->check(not_negative());
  std::vector<std::string> known(std::begin(wire::events::all), std::end(wire::events::all));
  sub->add_option("--type", options->types, "Only of this type; repeatable. heartbeat.received must be named")
      ->check(CLI::IsMember(known));
  sub->add_option("--agent", options->agent, "Only of this agent");
  sub->add_option("--last", options->last, "Only the last so many")->check(not_negative());
  sub->callback([&context, options] { context.exit = run_events(context, *options); });
}

}  // namespace lifesign::cli
