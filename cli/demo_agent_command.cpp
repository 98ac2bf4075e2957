// demo-agent (hidden): one agent of the demonstration fleet, a process of its own.
#include <lifesign/agent.h>
#include <poll.h>

#include <CLI/App.hpp>
#include <memory>

#include "base/stop_signal.h"
#include "cli/demo_plan.h"
#include "cli/subcommands.h"

namespace lifesign::cli {
namespace {

constexpr int work_every_ms = 500;

std::string type_of(const std::string& id) {
  return id.substr(0, id.find('-'));
}

Registration registration_of(const std::string& id) {
  Registration out;
  out.type = type_of(id);
  out.labels = {{"fleet", "demo"}, {"role", type_of(id)}};
  out.missed_limit = 3;
  if (id == demo::worker) out.stall_after = std::chrono::ceil<Millis>(demo::stall_after);
  return out;
}

int run_demo_agent(const Context& context, const std::string& id) {
  base::StopSignal stop;
  auto started = Agent::start({.id = id,
                               .endpoint = context.endpoint("ingest"),
                               .interval = std::chrono::ceil<Millis>(demo::interval),
                               .registration = registration_of(id)});
  if (!started) return fail(context, started.error(), Asked::broker);
  Agent& agent = **started;
  const auto began = base::monotonic_now();
  (void)agent.activity("busy").ok();
  for (std::uint64_t done = 0; !stop.raised();) {
    pollfd item{stop.fd(), POLLIN, 0};
    ::poll(&item, 1, work_every_ms);
    if (id == demo::worker && demo::stalls_at(base::monotonic_now() - began)) continue;  // it hangs, and beats on
    (void)agent.progress(++done).ok();
  }
  // Refused only when the broker is gone, which whoever stops a demonstration may have done on purpose.
  (void)agent.goodbye("done for now", Millis(2'000)).ok();
  return ok;
}

}  // namespace

void add_demo_agent(CLI::App& app, Context& context) {
  auto id = std::make_shared<std::string>();
  auto* sub = app.add_subcommand("demo-agent", "One agent of the demonstration fleet")->group("");
  sub->add_option("AGENT", *id, "Its id")->required();
  sub->callback([&context, id] { context.exit = run_demo_agent(context, *id); });
}

}  // namespace lifesign::cli
