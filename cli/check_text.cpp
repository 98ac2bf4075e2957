#include "cli/check_text.h"

#include <fmt/format.h>

#include <csignal>

#include "base/text.h"
#include "cli/agent_text.h"

namespace lifesign::cli {

Json check_json(const recorder::CheckReport& report) {
  return {{"sound", report.sound()},
          {"position", report.position},
          {"broker_run", report.broker_run},
          {"file_bytes", report.file_bytes},
          {"chunks", report.chunks},
          {"entries", report.entries},
          {"beats", report.beats},
          {"log_bytes", report.log_bytes},
          {"jumps", report.jumps},
          {"events", report.events},
          {"keys", report.keys},
          {"backfill", report.backfill},
          {"agents", report.agents},
          {"fault_count", report.fault_count},
          {"faults", report.faults},
          {"notes", report.notes}};
}

Json check_error(const base::Error& error) {
  return {{"sound", false}, {"code", base::code_name(error.code)}, {"error", error.message}};
}

base::Error no_database(const std::string& folder, std::error_code error) {
  if (error == std::errc::no_such_file_or_directory) {
    return {base::Code::not_found,
            fmt::format("there is no database in {}; name the data folder: lifesign check DIR", safe(folder))};
  }
  const auto hint = error == std::errc::permission_denied ? "; do this as the user that runs Lifesign" : "";
  return {base::Code::io_failed,
          fmt::format("the database in {} cannot be read: {}{}", safe(folder), error.message(), hint)};
}

Json check_outcome(const Guarded& guarded) {
  if (guarded.death.signalled && guarded.death.code == SIGBUS) {
    return check_error(
        {base::Code::storage_failed,
         "the database's file ends before what it promises to hold: it was cut, or the disk cannot be read"});
  }
  auto parsed = Json::parse(guarded.text, nullptr, false);
  if (guarded.death.signalled || guarded.death.code != 0 || !parsed.is_object()) {
    return check_error(
        {base::Code::storage_failed,
         fmt::format("the check itself died ({}); the database is probably damaged", death_text(guarded.death))});
  }
  return parsed;
}

bool is_sound(const Json& outcome) {
  return outcome.value("sound", false);
}

std::string check_text(const Json& outcome, const std::string& folder) {
  const auto place = safe(folder);
  if (outcome.contains("error")) return fmt::format("{}: {}\n", place, text_of(outcome, "error"));
  std::string out, notes;
  for (const auto& note : outcome.at("notes")) notes += "note: " + safe(note.get<std::string>()) + "\n";
  for (const auto& fault : outcome.at("faults")) out += "  " + safe(fault.get<std::string>()) + "\n";
  const auto count = number_of(outcome, "fault_count");
  if (const auto named = outcome.at("faults").size(); count > named)
    out += fmt::format("  … and {} more\n", count - named);
  const auto held =
      fmt::format("{} beats in {} chunks, {} events, {} agents, up to seq {}; {}", number_of(outcome, "beats"),
                  number_of(outcome, "chunks"), number_of(outcome, "events"), number_of(outcome, "agents"),
                  number_of(outcome, "position"), base::format_size(number_of(outcome, "file_bytes")));
  if (count == 0) return fmt::format("{} is sound: {}\n{}", place, held, notes);
  return fmt::format(
      "{} is damaged: {} fault{}\n{}It holds {}.\nStop Lifesign, keep a copy of the folder, and go back to a "
      "backup; docs/storage.md says what each table is for.\n{}",
      place, count, count == 1 ? "" : "s", out, held, notes);
}

}  // namespace lifesign::cli
