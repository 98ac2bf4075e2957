// history: an agent's beats.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <memory>

#include "base/text.h"
#include "cli/agent_text.h"
#include "cli/options.h"
#include "cli/subcommands.h"

namespace lifesign::cli {
namespace {

constexpr std::size_t page = 1000;

struct HistoryOptions {
  std::string agent;
  std::optional<base::Micros> since;
  std::size_t limit = 1000;
};

std::vector<Cell> row_of(const Json& beat) {
  const auto run = number_of(beat, "run");
  const auto interval = number_of(beat, "interval_ms");
  return {text_of(beat, "time"),
          text_of(beat, "seq"),
          run == 0 ? "" : fmt::format("{:016x}", run),
          run == 0 ? "" : text_of(beat, "run_seq"),
          text_of(beat, "activity"),
          text_of(beat, "task"),
          text_of(beat, "progress"),
          interval == 0 ? "" : base::format_duration(millis_of(beat, "interval_ms")),
          flag_of(beat, "backfilled") ? "backfilled" : ""};
}

int run_history(const Context& context, const HistoryOptions& options) {
  const auto since = options.since.value_or(std::chrono::hours(1));
  auto query = context.make_query();
  BeatsRequest request{.agent_id = options.agent,
                       .from = Time(std::max(base::Micros(0), base::wall_now() - since)),
                       .to = {},
                       .limit = options.limit == 0 ? page : std::min(page, options.limit),
                       .cursor = {}};
  Table table({{"TIME", false, true},
               {"SEQ", true, true},
               {"RUN"},
               {"BEAT", true},
               {"ACTIVITY"},
               {"TASK"},
               {"PROGRESS", true},
               {"EVERY", true},
               {"NOTE"}});
  std::size_t shown = 0;
  bool more = false;
  while (true) {
    auto answer = query.beats(request);
    if (!answer) return fail(context, answer.error(), Asked::recorder);
    for (const auto& item : (*answer)["beats"].items()) {
      if ((more = options.limit != 0 && shown == options.limit)) break;
      auto beat = record_to_json(item.packed());
      if (!beat) return fail(context, beat.error());
      ++shown;
      if (context.json) {
        print_json(*beat);
      } else {
        table.add(row_of(*beat));
      }
    }
    request.cursor = (*answer)["cursor"];
    if (more || !request.cursor || request.cursor.type() == Value::Type::nil) break;
  }
  // An unknown agent and one that was silent all the while are different answers. One that was forgotten has no row,
  // but its beats are still there.
  if (shown == 0) {
    if (auto known = query.agent(options.agent); !known) return fail(context, known.error(), Asked::recorder);
  }
  if (context.json) return ok;
  if (table.empty()) {
    print(fmt::format("No beat of {} in the last {}. --since looks further back.\n", safe(options.agent),
                      base::format_duration(since)));
    return ok;
  }
  print(table.render(context.out));
  if (more) print(fmt::format("… and more than these {}; --limit 0 shows all.\n", shown));
  return ok;
}

}  // namespace

void add_history(CLI::App& app, Context& context) {
  auto options = std::make_shared<HistoryOptions>();
  auto* sub = app.add_subcommand("history", "List an agent's beats");
  sub->add_option("AGENT", options->agent, "Its id")->required();
  add_duration(*sub, "--since", options->since, "How far back (default 1h)");
  sub->add_option("--limit", options->limit, "At most so many; 0: all (default 1000)")->check(not_negative());
  sub->callback([&context, options] { context.exit = run_history(context, *options); });
}

}  // namespace lifesign::cli
