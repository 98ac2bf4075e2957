// When a silence becomes a miss or a timeout. Pure arithmetic on one row.
#pragma once

#include "liveness/blind_spans.h"
#include "liveness/fold.h"
#include "liveness/policies.h"
#include "liveness/rows.h"

namespace lifesign::liveness {

// From when the silence counts: the last beat, moved forward by a declared wait.
Ms silence_start(const Row& row, const Side* side, const Policy& policy);
// The row's next miss or timeout. Only for watched rows.
Deadline deadline_of(const Row& row, const Side* side, const Policy& policy, const BlindSpans& blind);
// The first moment at which the row could be missed, whatever was told since; of any row that is not stopped.
Ms first_deadline(const Row& row, const Side* side, const Policy& policy, const BlindSpans& blind);
// A beat at `at` may have ended a silence that went past its first deadline: cheap, and never wrongly false.
bool may_have_been_late(const Row& row, const Policy& policy, Ms at);

}  // namespace lifesign::liveness
