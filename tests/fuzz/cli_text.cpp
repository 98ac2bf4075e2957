// What the command shows of others' words: no control characters reach the terminal, and --json is one line of JSON.
#include "cli/agent_text.h"
#include "cli/event_text.h"
#include "cli/status_text.h"
#include "target.h"

namespace lifesign::fuzz {
namespace {

void must_be_fit(const std::string& text) {
  for (const char c : text)
    LIFESIGN_ASSERT((static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) || c == '\n', "character {:02x} in {}",
                    static_cast<unsigned char>(c), text);
}

}  // namespace

void run(std::string_view input) {
  Input parts(input);
  const auto record = cli::record_to_json(parts.rest());
  if (!record.ok() || !record->is_object()) return;
  LIFESIGN_ASSERT(cli::Json::accept(cli::line_of(*record)), "no JSON: {}", cli::line_of(*record));
  const base::Micros now(1'700'000'000'000'000);
  for (const std::size_t width : {0, 40, 100}) {
    const cli::Terminal terminal{.colour = false, .width = width};
    must_be_fit(cli::event_line(*record, terminal, width == 40));
    must_be_fit(cli::agent_card(*record, now, terminal));
    must_be_fit(cli::status_text(*record, terminal));
    cli::Table table = cli::agents_table();
    cli::add_agent_row(table, *record, now);
    must_be_fit(table.render(terminal));
  }
}

}  // namespace lifesign::fuzz
