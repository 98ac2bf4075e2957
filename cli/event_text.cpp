#include "cli/event_text.h"

#include <fmt/format.h>

#include "base/text.h"
#include "cli/agent_text.h"
#include "wire/kinds.h"

namespace lifesign::cli {
namespace {

namespace events = wire::events;

std::string millis(const Json& event, const char* field) {
  return base::format_duration(millis_of(event, field));
}

// "22:13:31.120" of "2026-11-24T22:13:31.120Z".
std::string time_of_day(const std::string& iso) {
  constexpr std::size_t date = 11, clock = 12;
  return iso.size() > date + clock ? iso.substr(date, clock) : iso;
}

std::string span(const Json& event) {
  const auto from = number_of(event, "blind_from_us"), to = number_of(event, "blind_to_us");
  if (from == 0 || to < from || to > base::log_time_max) return "";
  return base::format_duration(std::chrono::floor<base::Millis>(base::Micros(static_cast<std::int64_t>(to - from))));
}

std::string with(const std::string& prefix, const std::string& text, const std::string& suffix = "") {
  return text.empty() ? "" : prefix + text + suffix;
}

std::string describe_timeout(const Json& event) {
  const auto cause = text_of(event, "cause");
  if (cause == "never_seen") return "expected, but it never came";
  auto out = "not heard since " + time_of_day(text_of(event, "last_heartbeat")) + with(" (", cause, ")");
  if (const auto shared = text_of(event, "shared"); !shared.empty()) out += ", as others of " + shared;
  if (number_of(event, "blind_ms") > 0) out += ", " + millis(event, "blind_ms") + " of it our own blindness";
  return out;
}

std::string describe_beat(const Json& event) {
  std::string out;
  for (const char* field : {"activity", "task", "progress", "busy_reason", "error_count", "metrics"}) {
    if (const auto text = text_of(event, field); !text.empty())
      out += fmt::format("{}{}={}", out.empty() ? "" : " ", field, text);
  }
  return out;
}

std::string describe_status(const Json& event) {
  // What it was before is not told, so nothing is said of it.
  auto now = [&](const char* field) {
    if (!event.contains(field)) return std::string();
    const auto text = text_of(event, field);
    return text.empty() ? fmt::format("no {}", field) : fmt::format("{} {}", field, text);
  };
  const auto activity = now("activity"), task = now("task");
  return activity + (activity.empty() || task.empty() ? "" : ", ") + task;
}

Colour colour_of(std::string_view type) {
  if (type == events::timeout || type == events::gap) return Colour::red;
  if (type == events::recovered || type == events::resumed || type == events::ready) return Colour::green;
  if (type == events::missed || type == events::stalled || type == events::duplicate || type == events::blind ||
      type == events::clock_stepped) {
    return Colour::yellow;
  }
  return type == events::received ? Colour::dim : Colour::cyan;
}

}  // namespace

std::string describe(const Json& event) {
  const auto type = text_of(event, "type");
  if (type == events::received) return describe_beat(event);
  if (type == events::missed) {
    return fmt::format("missed beat {} of {}, last heard {}", text_of(event, "ordinal"), text_of(event, "missed_limit"),
                       time_of_day(text_of(event, "last_heartbeat")));
  }
  if (type == events::timeout) return describe_timeout(event);
  if (type == events::recovered)
    return "back after " + millis(event, "outage_ms") + with(" (", text_of(event, "cause"), ")");
  if (type == events::ready) {
    const auto run = number_of(event, "run");
    return run == 0 ? "first beat" : fmt::format("first beat of run {:016x}", run);
  }
  if (type == events::registered) {
    return (flag_of(event, "first") ? std::string("first seen") : std::string("registration changed")) +
           with(", ", text_of(event, "labels"));
  }
  if (type == events::status) return describe_status(event);
  if (type == events::duplicate) {
    return fmt::format("two runs beat by turns: {:016x} and {:016x}", number_of(event, "run"),
                       number_of(event, "other_run"));
  }
  if (type == events::stalled) {
    return fmt::format("beats come, but progress stands at {} for over {}", text_of(event, "progress"),
                       millis(event, "stall_after_ms"));
  }
  if (type == events::resumed) return "progress moves again, now " + text_of(event, "progress");
  if (type == events::stopped || type == events::expected || type == events::forgotten) {
    const auto reason = text_of(event, "reason"), why = text_of(event, "why"), by = text_of(event, "by");
    const auto lead = type == events::stopped    ? (!by.empty()                                ? "retired"
                                                    : event.contains("run") || !reason.empty() ? "said goodbye"
                                                                                               : "stopped")
                      : type == events::expected ? "is expected"
                                                 : "forgotten";
    return lead + with(" by ", by) + with(": ", reason.empty() ? why : reason);
  }
  if (type == events::broker_started)
    return "broker run " + text_of(event, "broker_run") + with(", blind for ", span(event));
  if (type == events::blind) return with("blind for ", span(event)) + with(" (", text_of(event, "cause"), ")");
  if (type == events::gap) {
    return fmt::format("the recorder lost seqs {} to {}", text_of(event, "lost_from"), text_of(event, "lost_to"));
  }
  if (type == events::clock_stepped) return "the wall clock stepped by " + text_of(event, "step_ms") + "ms";
  return "";
}

std::string event_line(const Json& event, const Terminal& terminal, bool brief) {
  const auto type = text_of(event, "type");
  const auto iso = text_of(event, "time");
  const auto agent = text_of(event, "agent_id");
  auto details = describe(event);
  if (flag_of(event, "provisional")) details += details.empty() ? "(provisional)" : " (provisional)";

  constexpr std::size_t type_width = 18, agent_width = 14;
  const auto time = brief ? time_of_day(iso) : iso;
  auto padded = [](std::string text, std::size_t width) {
    text.append(width - std::min(width, columns_of(text)), ' ');
    return text;
  };
  const auto type_text = padded(type, type_width);
  const auto agent_text = padded(agent.empty() ? "-" : agent, agent_width);
  const std::size_t used = time.size() + 2 + columns_of(type_text) + 1 + columns_of(agent_text) + 1;
  // Details that do not fit go on in the next row rather than be cut: they are what is being said.
  std::string line = terminal.paint(Colour::dim, time) + "  " + terminal.paint(colour_of(type), type_text) + " " +
                     terminal.paint(Colour::bold, agent_text);
  if (details.empty()) return line;
  if (terminal.width > 0 && used + columns_of(details) > terminal.width) {
    line += "\n" + std::string(time.size() + 2, ' ') + details;
  } else {
    line += " " + details;
  }
  return line;
}

}  // namespace lifesign::cli
