// Durations, sizes, ids, schedules: what people and agents write. What is taken is in bounds and can be written again.
#include "base/text.h"

#include "liveness/schedule.h"
#include "target.h"

namespace lifesign::fuzz {

void run(std::string_view input) {
  Input parts(input);
  const std::string_view zone = parts.part();
  const std::string_view text = parts.rest();
  if (const auto duration = base::parse_duration(text); duration.ok()) {
    LIFESIGN_ASSERT(duration->count() >= 0, "{} µs", duration->count());
    LIFESIGN_ASSERT(base::parse_duration(base::format_duration(*duration)).ok(), "{}",
                    base::format_duration(*duration));
  }
  if (const auto size = base::parse_size(text); size.ok() && *size < std::uint64_t{1} << 50)
    LIFESIGN_ASSERT(base::parse_size(base::format_size(*size)).ok(), "{}", base::format_size(*size));
  LIFESIGN_ASSERT(base::is_utf8(base::printable(text)) || !base::is_utf8(text), "printable made it unprintable");
  if (base::is_agent_id(text)) LIFESIGN_ASSERT(base::is_utf8(text) && text.size() <= 128, "agent id");

  const auto schedule = liveness::Schedule::parse(text, zone);
  if (!schedule.ok()) return;
  liveness::Ms at = 1'700'000'000'000;
  for (int i = 0; i < 3; ++i) {
    const liveness::Ms next = schedule->next_after(at);
    LIFESIGN_ASSERT(next > at && next <= at + liveness::Schedule::horizon, "{} after {}", next, at);
    at = next;
  }
}

}  // namespace lifesign::fuzz
