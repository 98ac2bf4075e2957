// The whole library.
#pragma once

#include "lifesign/agent.h"        // IWYU pragma: export
#include "lifesign/agent_group.h"  // IWYU pragma: export
#include "lifesign/commands.h"     // IWYU pragma: export
#include "lifesign/query.h"        // IWYU pragma: export
#include "lifesign/subscriber.h"   // IWYU pragma: export
