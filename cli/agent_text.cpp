#include "cli/agent_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace lifesign::cli {
namespace {

Colour status_colour(const std::string& status, bool stalled) {
  if (status == "offline") return Colour::red;
  if (status == "late" || stalled) return Colour::yellow;
  if (status == "active") return Colour::green;
  return Colour::dim;
}

// Whole seconds are enough once something is over ten seconds old.
base::Micros rounded(base::Micros duration) {
  using namespace std::chrono_literals;
  if (duration >= 1h) return std::chrono::floor<std::chrono::minutes>(duration);
  if (duration >= 10s) return std::chrono::floor<std::chrono::seconds>(duration);
  return duration >= 1s
             ? std::chrono::duration_cast<base::Micros>(std::chrono::floor<base::Millis>(duration) / 100 * 100)
             : std::chrono::floor<base::Millis>(duration);
}

std::string time_with_age(const Json& agent, const std::string& field, base::Micros now) {
  const auto iso = text_of(agent, field.c_str());
  if (iso.empty()) return "";
  return fmt::format("{} ({})", iso, ago(number_of(agent, (field + "_us").c_str()), now));
}

std::string millis_text(const Json& agent, const char* field) {
  return base::format_duration(millis_of(agent, field));
}

std::string map_text(const Json& map) {
  std::string out;
  for (const auto& [key, value] : map.items()) {
    out += (out.empty() ? "" : " ") + safe(key) + "=" +
           safe(value.is_string() ? value.get<std::string>() : line_of(value));
  }
  return out;
}

}  // namespace

std::string text_of(const Json& record, const char* field) {
  const auto found = record.find(field);
  if (found == record.end() || found->is_null()) return "";
  if (found->is_string()) return safe(found->get<std::string>());
  if (found->is_object()) return map_text(*found);
  if (!found->is_array()) return line_of(*found);
  std::string out;
  for (const auto& item : *found) {
    out += (out.empty() ? "" : ", ") + safe(item.is_string() ? item.get<std::string>() : line_of(item));
  }
  return out;
}

std::uint64_t number_of(const Json& record, const char* field) {
  const auto found = record.find(field);
  return found != record.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

bool flag_of(const Json& record, const char* field, bool otherwise) {
  const auto found = record.find(field);
  return found != record.end() && found->is_boolean() ? found->get<bool>() : otherwise;
}

const Json& map_of(const Json& record, const char* field) {
  static const Json none = Json::object();
  const auto found = record.find(field);
  return found != record.end() && found->is_object() ? *found : none;
}

base::Millis millis_of(const Json& record, const char* field) {
  constexpr auto longest = std::chrono::duration_cast<base::Millis>(base::Micros::max());
  const std::uint64_t most = static_cast<std::uint64_t>(longest.count());
  return base::Millis(static_cast<std::int64_t>(std::min(number_of(record, field), most)));
}

Cell status_cell(const Json& agent) {
  const auto status = text_of(agent, "status");
  const auto cause = text_of(agent, "cause");
  const auto stalled = flag_of(agent, "stalled");
  std::string text = status;
  if (status == "offline" && !cause.empty()) text += " (" + cause + ")";
  if (stalled) text += ", stalled";
  return {text, status_colour(status, stalled)};
}

std::string ago(std::uint64_t micros, base::Micros now) {
  if (micros == 0) return "";
  if (micros > static_cast<std::uint64_t>(now.count())) return "now";
  return base::format_duration(rounded(now - base::Micros(static_cast<std::int64_t>(micros)))) + " ago";
}

Table agents_table() {
  return Table({{"AGENT", false, true},
                {"STATUS", false, true},
                {"LAST BEAT", true},
                {"EVERY", true},
                {"BEATS", true},
                {"MISSED", true},
                {"ACTIVITY"},
                {"LABELS"}});
}

void add_agent_row(Table& table, const Json& agent, base::Micros now) {
  const auto schedule = text_of(agent, "schedule");
  table.add({text_of(agent, "agent_id"), status_cell(agent), ago(number_of(agent, "last_heartbeat_us"), now),
             schedule.empty() ? millis_text(agent, "interval_ms") : schedule, text_of(agent, "total_heartbeats"),
             text_of(agent, "missed_heartbeats"), text_of(agent, "activity"), text_of(agent, "labels")});
}

std::string agent_card(const Json& agent, base::Micros now, const Terminal& terminal) {
  std::string out;
  auto line = [&](const char* title, const std::string& value, Colour colour = Colour::none) {
    constexpr std::size_t title_width = 14;
    if (value.empty()) return;
    // A card is for what does not fit a table: what is too long goes on in the next row, and nothing is cut.
    auto parts = terminal.width == 0 ? std::vector{value}
                                     : wrap(value, std::max(terminal.width, title_width + 10) - title_width);
    std::string lead = terminal.paint(Colour::dim, fmt::format("{:<{}}", title, title_width));
    for (const auto& part : parts) {
      out += lead + terminal.paint(colour, part) + "\n";
      lead = std::string(title_width, ' ');
    }
  };
  const auto status = status_cell(agent);
  line("agent", text_of(agent, "agent_id"), Colour::bold);
  line("name", text_of(agent, "name"));
  line("type", text_of(agent, "type"));
  line("status", status.text, status.colour);
  line("since", time_with_age(agent, "status_since", now));
  line("last beat", time_with_age(agent, "last_heartbeat", now));
  line("first seen", time_with_age(agent, "created_at", now));
  line("beats", fmt::format("{} received, {} missed", number_of(agent, "total_heartbeats"),
                            number_of(agent, "missed_heartbeats")));
  line("activity", text_of(agent, "activity"));
  line("task", text_of(agent, "task"));
  line("progress", text_of(agent, "progress"));
  line("busy until", time_with_age(agent, "busy_until", now));
  line("busy reason", text_of(agent, "busy_reason"));
  line("errors", text_of(agent, "error_count"));
  line("metrics", text_of(agent, "metrics"));
  line("labels", text_of(agent, "labels"));
  line("capabilities", text_of(agent, "capabilities"));
  line("metadata", text_of(agent, "metadata"));
  const auto schedule = text_of(agent, "schedule");
  const auto zone = text_of(agent, "time_zone");  // empty: the default
  line("schedule", schedule.empty() ? "" : fmt::format("{} ({})", schedule, zone.empty() ? "UTC" : zone));
  std::string promise = schedule.empty() ? "every " + millis_text(agent, "interval_ms") + ", " : "";
  promise +=
      fmt::format("grace {}, offline after {} missed", millis_text(agent, "grace_ms"), text_of(agent, "missed_limit"));
  if (number_of(agent, "stall_after_ms") > 0) promise += ", stalled after " + millis_text(agent, "stall_after_ms");
  line("promise", promise);
  if (const auto run = number_of(agent, "run"); run != 0) {
    line("run", fmt::format("{:016x}, beat {} of it", run, number_of(agent, "run_seq")));
  }
  return out;
}

}  // namespace lifesign::cli
