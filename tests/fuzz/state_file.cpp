// The broker's state file: taken only if it is what the broker writes, byte for byte; and log time can begin from it.
#include "broker/state_file.h"

#include "target.h"

namespace lifesign::fuzz {

void run(std::string_view input) {
  Input parts(input);
  const std::string_view text = parts.rest();
  const auto state = broker::read_state(text, "broker.state");
  if (!state.ok()) return;
  LIFESIGN_ASSERT(broker::write_state(*state) == text, "it was read as something else:\n{}",
                  broker::write_state(*state));
  const broker::Reading now{.boot = base::Micros(1'000'000), .wall = base::Micros(1'700'000'000'000'000)};
  for (const std::string& boot_id : {state->boot_id, std::string("another")})
    LIFESIGN_ASSERT(broker::start_time(*state, now, boot_id) >= state->time, "log time runs backwards");
}

}  // namespace lifesign::fuzz
