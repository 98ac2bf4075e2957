#include "cli/status_text.h"

#include <fmt/format.h>

#include "base/text.h"
#include "cli/agent_text.h"
#include "cli/table.h"

namespace lifesign::cli {
namespace {

bool reachable(const Json& status, const char* name) {
  return flag_of(map_of(status, name), "reachable");
}

Cell state_cell(bool up, const char* otherwise = "not reachable") {
  return up ? Cell("up", Colour::green) : Cell(otherwise, Colour::red);
}

std::string behind(std::uint64_t head, std::uint64_t at) {
  if (head == 0 || at >= head) return "none";
  return fmt::format("{} record{}", head - at, head - at == 1 ? "" : "s");
}

// How far a service says it is behind: in time, else in records.
std::string lag_of(const Json& counters) {
  if (counters.contains("lag_ms")) return base::format_duration(millis_of(counters, "lag_ms"));
  if (!counters.contains("lag_seq")) return "";
  const auto lag = number_of(counters, "lag_seq");
  return lag == 0 ? "none" : fmt::format("{} record{}", lag, lag == 1 ? "" : "s");
}

Table processes(const Json& status) {
  Table table({{"PROCESS", false, true}, {"STATE", false, true}, {"LAG", true, true}, {"NOTE"}});
  const Json& broker = map_of(status, "broker");
  const auto next = number_of(broker, "next_seq");
  const auto head = next == 0 ? 0 : next - 1;

  std::string note = reachable(status, "broker")
                         ? fmt::format("run {}, seq {}, recorded {}{}", text_of(broker, "broker_run"), head,
                                       text_of(broker, "recorded"),
                                       flag_of(broker, "recorder_connected", true) ? "" : ", no recorder connected")
                         : text_of(broker, "error");
  table.add({"broker", state_cell(reachable(status, "broker")), "", note});

  const bool recorder_up = reachable(status, "recorder");
  const Json& recorder = map_of(status, "recorder");
  const auto recorded = number_of(recorder, "recorded");
  table.add({"recorder", state_cell(recorder_up), recorder_up && head != 0 ? behind(head, recorded) : "",
             recorder_up ? fmt::format("recorded up to seq {}", recorded) : text_of(recorder, "error")});

  bool watchdog_seen = false;
  for (const auto& [name, service] : map_of(status, "services").items()) {
    if (name == "recorder") continue;
    watchdog_seen = watchdog_seen || name == "watchdog";
    const Json& counters = map_of(service, "counters");
    // A watchdog that waits for the recorder's snapshot runs, and watches over nobody.
    const bool judging = !counters.contains("judging") || number_of(counters, "judging") != 0;
    table.add({safe(name), state_cell(service_is_up(service), "silent"), lag_of(counters),
               fmt::format("{}reported {} ago", judging ? "" : "not judging yet, ",
                           base::format_duration(millis_of(service, "age_ms")))});
  }
  if (!watchdog_seen && reachable(status, "broker")) {
    table.add({"watchdog", state_cell(false, "not seen"), "", "it has not reported to this broker run"});
  }
  return table;
}

std::string totals_line(const Json& totals) {
  std::string agents;
  if (const auto found = totals.find("agents"); found != totals.end() && found->is_object()) {
    for (const auto& [status, count] : found->items()) {
      if (count.is_number() && count != 0)
        agents += fmt::format("{}{} {}", agents.empty() ? "" : ", ", line_of(count), safe(status));
    }
  }
  return fmt::format("agents    {}\nbeats     {} received, {} missed\nevents    {}\n",
                     agents.empty() ? "none yet" : agents, number_of(totals, "total_heartbeats"),
                     number_of(totals, "missed_heartbeats"), number_of(totals, "events"));
}

}  // namespace

bool service_is_up(const Json& service) {
  return number_of(service, "age_ms") <= report_stale_ms;
}

std::string counters_text(const Json& counters, const Terminal& terminal) {
  const std::size_t width = terminal.width == 0 ? 100 : terminal.width;
  std::string out, line = " ";
  for (const auto& [name, value] : counters.items()) {
    if (!value.is_number() || value == 0) continue;
    const auto item = fmt::format(" {} {}", safe(name), line_of(value));
    if (columns_of(line) + columns_of(item) + 1 > width && line.size() > 1) {
      out += line + "\n";
      line = " ";
    }
    line += item + ",";
  }
  if (line.size() == 1) return out;
  line.pop_back();
  return out + line + "\n";
}

std::string status_text(const Json& status, const Terminal& terminal) {
  auto out = processes(status).render(terminal);
  if (const auto totals = status.find("totals"); totals != status.end() && totals->is_object())
    out += "\n" + totals_line(*totals);
  auto section = [&](const std::string& name, const Json& counters) {
    if (const auto text = counters_text(counters, terminal); !text.empty()) {
      out += "\n" + terminal.paint(Colour::bold, name + " counters") + "\n" + text;
    }
  };
  for (const char* name : {"broker", "recorder"}) {
    if (!reachable(status, name)) continue;
    const Json& process = map_of(status, name);
    Json counters = process.contains("counters") ? map_of(process, "counters") : process;
    for (const char* shown :
         {"reachable", "broker_run", "next_seq", "recorded", "recorder_connected", "time", "time_us", "as_of"}) {
      counters.erase(shown);
    }
    section(name, counters);
  }
  for (const auto& [name, service] : map_of(status, "services").items()) {
    if (name != "recorder") section(safe(name), map_of(service, "counters"));
  }
  return out;
}

}  // namespace lifesign::cli
