// The verdict maps of docs/protocol.md: what each kind says beside its key.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "liveness/types.h"
#include "wire/beat.h"
#include "wire/registration.h"

namespace lifesign::liveness {

Owed owed_registered(std::uint64_t seq, Ms at, bool first, const wire::Registration* registration);
Owed owed_ready(std::uint64_t seq, Ms at, std::uint64_t run);
Owed owed_status(std::uint64_t seq, Ms at, const wire::Beat& beat);
Owed owed_duplicate(std::uint64_t seq, Ms at, std::uint64_t run, std::uint64_t other_run);
Owed owed_recovered(std::uint64_t seq, Ms at, Ms offline_since, Cause cause);
Owed owed_progress(Verdict type, std::uint64_t seq, Ms at, std::uint64_t progress, Ms since, Ms stall_after);

// The whole map; `pairs` more pairs are in `fields`.
std::string verdict_map(Verdict type, std::string_view agent_id, std::uint64_t evidence_seq, std::uint64_t ordinal,
                        std::uint64_t as_of, Ms decided, std::uint32_t pairs, std::string_view fields);

}  // namespace lifesign::liveness
