// Reads a system back through every query that shows or counts beats and verdicts, and says where they disagree.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/system.h"

namespace lifesign::tests {

// The agent's beats as `beats` tells them, page by page.
std::vector<Value> history(const System& system, const std::string& agent_id);

// Each of run_seq 1 to `recorded` is there once, in `beats`, `agent`, `agents`, `events` and `lifesign history`, and
// all of them give the same count. At most one more may be there: sequenced, and its ack lost.
void audit_recorded(const System& system, const std::string& agent_id, std::uint64_t recorded);

// No beat twice, and all queries count the same; once nobody beats any more.
void audit_counts(const System& system, const std::string& agent_id);

// The totals are the sums over all agents and events.
void audit_totals(const System& system);

// Every event has its own seq, in order, and every verdict its own key.
void audit_verdicts(const std::vector<Value>& events);
// Of a verdict: what it is one with. Empty for other events.
std::string key_of(const Value& event);

}  // namespace lifesign::tests
