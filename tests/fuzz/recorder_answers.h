// Asks a recorder's state and database all that can be asked of them: each answer is an error, or one MessagePack value
// that fits a message and that clients can read, and every list comes to its end.
#pragma once

#include "recorder/environment_store.h"
#include "recorder/state.h"

namespace lifesign::fuzz {

void ask_memory(const recorder::State& state);
void ask_disk(const recorder::Txn& txn);

}  // namespace lifesign::fuzz
