// Reports of services: kept or refused, and the status made of them can be read.
#include "broker/reports.h"
#include "lifesign/value.h"
#include "target.h"

namespace lifesign::fuzz {

void run(std::string_view input) {
  broker::Counters counters = broker::make_counters();
  const broker::Sequencer sequencer({}, "secret", counters);
  broker::Reports reports;
  Input parts(input);
  while (!parts.empty()) static_cast<void>(reports.keep(parts.part(), base::Micros(1)));
  const std::string status = reports.status(sequencer, counters, base::Micros(2));
  const auto value = Value::parse(status);
  LIFESIGN_ASSERT(value.ok(), "the status cannot be read: {}", value.error().message);
  LIFESIGN_ASSERT((*value)["broker"].exists() && (*value)["services"].exists(), "the status lacks a part");
}

}  // namespace lifesign::fuzz
