// What callers hand in, checked against the protocol's limits before it is sent, and turned into what the wire holds.
#pragma once

#include <string>
#include <string_view>

#include "lifesign/types.h"
#include "wire/kinds.h"
#include "wire/registration.h"

namespace lifesign::sdk {

Status check_agent_id(std::string_view id);
Status check_interval(Millis interval);
Status check_text(std::string_view field, std::string_view text, std::size_t max_bytes);
Status check_metrics(const std::map<std::string, double>& metrics);
Status check_busy_for(Millis duration);
Status check_fields(const BeatFields& fields);

// Checked, and with the agent's id and run.
Result<wire::Registration> to_wire(std::string_view agent_id, std::uint64_t run, const Registration& registration);

constexpr wire::Ack to_wire(Ack ack) {
  return static_cast<wire::Ack>(ack);
}

// `given`, else the environment's `variable`, else tcp://127.0.0.1:<port>.
std::string endpoint_or_default(const std::string& given, const char* variable, int port);

// Random and never 0; `bits` at most 64.
std::uint64_t random_bits(unsigned bits);

}  // namespace lifesign::sdk
