// beat: one beat from a shell or a script.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <charconv>
#include <memory>

#include "base/text.h"
#include "cli/label.h"
#include "cli/options.h"
#include "cli/subcommands.h"

namespace lifesign::cli {
namespace {

struct BeatOptions {
  std::string agent;
  std::string ack = "recorded";
  std::optional<base::Micros> interval, busy;
  std::optional<std::string> activity, task;
  std::string busy_reason;
  std::optional<std::uint64_t> progress, errors;
  std::vector<std::string> labels, metrics;
};

base::Result<std::map<std::string, double>> parse_metrics(const std::vector<std::string>& texts) {
  std::map<std::string, double> out;
  for (const auto& text : texts) {
    const auto equals = text.find('=');
    double value = 0;
    const char* end = text.data() + text.size();
    const char* begin = equals == std::string::npos ? end : text.data() + equals + 1;
    auto [at, error] = std::from_chars(begin, end, value);
    if (equals == std::string::npos || equals == 0 || error != std::errc() || at != end) {
      return base::Error{base::Code::invalid_value,
                         fmt::format("the metric \"{}\" is not name=number, such as load=0.7", base::printable(text))};
    }
    out[text.substr(0, equals)] = value;
  }
  return out;
}

base::Result<BeatFields> fields_of(const BeatOptions& options) {
  BeatFields out;
  if (options.interval) out.interval = std::chrono::ceil<Millis>(*options.interval);
  if (options.busy) out.busy_for = std::chrono::ceil<Millis>(*options.busy);
  out.busy_reason = options.busy_reason;
  out.activity = options.activity;
  out.task = options.task;
  out.progress = options.progress;
  out.error_count = options.errors;
  auto metrics = parse_metrics(options.metrics);
  if (!metrics) return metrics.error();
  out.metrics = std::move(*metrics);
  return out;
}

std::string_view level_text(Ack level) {
  return level == Ack::recorded ? "recorded" : level == Ack::received ? "received" : "none";
}

int run_beat(const Context& context, const BeatOptions& options) {
  const Ack ack = options.ack == "recorded" ? Ack::recorded : options.ack == "received" ? Ack::received : Ack::none;
  auto fields = fields_of(options);
  if (!fields) return fail(context, fields.error());
  auto commands = context.make_commands("", ack);
  if (!options.labels.empty()) {
    auto labels = parse_labels(options.labels);
    if (!labels) return fail(context, labels.error());
    Registration registration;
    registration.labels = *labels;
    auto registered = commands.register_agent(options.agent, registration);
    if (!registered) return fail(context, registered.error(), Asked::broker);
  }
  auto receipt = commands.beat(options.agent, *fields);
  if (!receipt) return fail(context, receipt.error(), Asked::broker);

  const auto micros = static_cast<std::uint64_t>(receipt->time.time_since_epoch().count());
  if (context.json) {
    Json json{
        {"agent_id", options.agent}, {"ack", level_text(receipt->level)}, {"seq", receipt->seq}, {"time", micros}};
    if (ack == Ack::none) json = {{"agent_id", options.agent}, {"ack", "none"}, {"seq", nullptr}, {"time", nullptr}};
    write_out_times(json);
    print_json(json);
  } else if (ack == Ack::none) {
    print(fmt::format("sent a beat of {}; no answer was asked for\n", safe(options.agent)));
  } else {
    print(fmt::format("{} a beat of {}: seq {} at {}\n", level_text(receipt->level), safe(options.agent), receipt->seq,
                      base::iso8601(base::log_time(micros))));
  }
  return ok;
}

}  // namespace

void add_beat(CLI::App& app, Context& context) {
  auto options = std::make_shared<BeatOptions>();
  auto* sub = app.add_subcommand("beat", "Send one beat of an agent");
  sub->add_option("AGENT", options->agent, "Its id")->required();
  sub->add_option("--ack", options->ack, "What to wait for: none, received or recorded (on disk; the default)")
      ->check(CLI::IsMember({"none", "received", "recorded"}));
  add_duration(*sub, "--interval", options->interval, "When the next beat comes; kept until changed (at first 30s)");
  sub->add_option("--activity", options->activity, "busy, idle, …");
  sub->add_option("--task", options->task, "Id of the current task");
  sub->add_option("--progress", options->progress, "A counter that moves while work gets done")->check(not_negative());
  add_duration(*sub, "--busy", options->busy, "A declared wait: the next beat may take this long");
  sub->add_option("--busy-reason", options->busy_reason, "Why");
  sub->add_option("--error-count", options->errors, "The agent's own count of errors")->check(not_negative());
  sub->add_option("--metric", options->metrics, "name=number; repeatable");
  sub->add_option("--label", options->labels, "key=value; repeatable. The labels replace those it had");
  sub->callback([&context, options] { context.exit = run_beat(context, *options); });
}

}  // namespace lifesign::cli
