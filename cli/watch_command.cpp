// watch: what happens, as it happens.
#include <fmt/format.h>
#include <lifesign/subscriber.h>

#include <CLI/App.hpp>
#include <algorithm>
#include <memory>
#include <set>
#include <tuple>

#include "base/stop_signal.h"
#include "cli/event_text.h"
#include "cli/options.h"
#include "cli/subcommands.h"
#include "cli/topic.h"
#include "cli/watch_note.h"

namespace lifesign::cli {
namespace {

constexpr Millis look_up{100};                              // how soon Ctrl-C is noticed
constexpr base::Micros ask_most = std::chrono::seconds(1);  // whether an agent is known

struct WatchOptions {
  std::vector<std::string> topics;
  std::optional<std::uint64_t> since;
  std::optional<base::Micros> duration;
  std::size_t count = 0;
  bool brief = false;  // of `up --demo`: the time of day only, and no greeting
};

SubscriberOptions subscription(const Context& context, const std::vector<Topic>& topics, const WatchOptions& options) {
  SubscriberOptions out;
  out.events_endpoint = context.endpoint("events");
  out.query_endpoint = context.endpoint("query");
  out.since = options.since;
  std::set<std::string> types, agents;
  bool every_agent = topics.empty();
  for (const auto& topic : topics) {
    types.insert(topic.type);
    agents.insert(topic.agent_id);
    every_agent = every_agent || topic.agent_id.empty();
  }
  out.types.assign(types.begin(), types.end());
  if (!every_agent) out.agent_ids.assign(agents.begin(), agents.end());
  return out;
}

void show_gap(const Context& context, const Gap& gap) {
  if (context.json) {
    print_json(
        {{"gap", {{"since", gap.since}, {"until", gap.until}, {"types", gap.types}, {"message", gap.reason.message}}}});
    return;
  }
  const auto text = fmt::format("gap: events after seq {} up to {} may be missing here: {}", gap.since, gap.until,
                                gap.reason.message);
  print(context.out.paint(Colour::red, text) + "\n");
}

// Those agents among the topics that have no row. A recorder that does not answer soon leaves it open: the events
// themselves come from the broker.
std::vector<std::string> unknown_agents(const Context& context, const std::vector<Topic>& topics) {
  Context brief = context;
  brief.timeout = std::min(context.timeout, ask_most);
  auto query = brief.make_query();
  std::set<std::string> ids;
  for (const auto& topic : topics)
    if (!topic.agent_id.empty()) ids.insert(topic.agent_id);
  std::vector<std::string> out;
  for (const auto& id : ids) {
    const auto row = query.agent(id);
    if (!row && row.error().code != Code::not_found) break;
    if (!row) out.push_back(id);
  }
  return out;
}

// What is watched for may be wrong, and would then end in silence: said once, and watched for all the same.
void say_notes(const Context& context, const std::vector<std::string>& notes) {
  std::string text;
  for (const auto& note : notes)
    if (!note.empty()) text += (text.empty() ? "" : ". ") + note;
  if (text.empty()) return;
  if (context.json) {
    fmt::print(stderr, "{}\n", line_of(Json{{"note", text + "."}}));
  } else {
    fmt::print(stderr, "{} {}.\n", context.err.paint(Colour::yellow, "note:"), text);
  }
}

int run_watch(const Context& context, const WatchOptions& options) {
  auto topics = parse_topics(options.topics);
  if (!topics) return fail(context, topics.error());
  base::StopSignal stop;
  const auto until = base::monotonic_now() + options.duration.value_or(base::Micros(0));

  // Without a broker a subscriber would wait in silence: say so once, and go on waiting.
  auto commands = context.make_commands("", Ack::none);
  const auto status = commands.status();
  if (!status) {
    std::ignore = fail(context, status.error(), Asked::broker);
    if (!context.json) fmt::print(stderr, "Waiting for it …\n");
  } else if (!context.json && !options.brief) {
    fmt::print(stderr, "{}\n", context.err.paint(Colour::dim, "watching; Ctrl-C ends it"));
  }
  // It listens from here on, so nothing is missed while the questions below are answered.
  Subscriber subscriber(subscription(context, *topics, options));
  if (status) {
    say_notes(context, {unknown_agents_note(unknown_agents(context, *topics)),
                        since_note(options.since.value_or(0), (*status)["broker"]["next_seq"].u64_or(0))});
  }
  for (std::size_t shown = 0; !stop.raised();) {
    if (options.duration && base::monotonic_now() >= until) break;
    auto item = subscriber.next(look_up);
    if (!item) return fail(context, item.error(), Asked::neither);
    if (!*item) continue;
    if (const auto* gap = std::get_if<Gap>(&**item)) {
      show_gap(context, *gap);
      continue;
    }
    const auto& event = std::get<Event>(**item);
    if (!wanted(*topics, event.type, event.agent_id)) continue;
    auto json = record_to_json(event.fields.packed());
    if (!json) return fail(context, json.error());
    print((context.json ? line_of(*json) : event_line(*json, context.out, options.brief)) + "\n");
    std::fflush(stdout);
    if (++shown == options.count) return ok;
  }
  // Nobody answered for as long as it took: that is not the same as nothing having happened.
  return !status && subscriber.stats().last_tick == 0 ? not_reachable : ok;
}

}  // namespace

void add_watch(CLI::App& app, Context& context) {
  auto options = std::make_shared<WatchOptions>();
  auto* sub = app.add_subcommand("watch", "Show what happens, as it happens, until Ctrl-C");
  sub->add_option("TOPIC", options->topics,
                  "TYPE, TYPE/AGENT or a group such as agent.* (default: all but heartbeat.received)");
  sub->add_option("--since", options->since, "First what came after this seq, then live, with no seam")
      ->check(not_negative());
  add_duration(*sub, "--for", options->duration, "Stop after so long");
  sub->add_option("--count", options->count, "Stop after so many events")->check(not_negative());
  sub->add_flag("--brief", options->brief, "The time of day only");
  sub->callback([&context, options] { context.exit = run_watch(context, *options); });
}

}  // namespace lifesign::cli
