// Finds the event that came first with a verdict's key, each time in the newest snapshot.
//
// It keeps one reader slot for good, so that what other programs read cannot keep it from looking, and no snapshot
// between two looks, so that it pins no pages. One thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "recorder/environment_store.h"
#include "recorder/state.h"

namespace lifesign::recorder {

class KeyStore {
 public:
  // storage_failed: no reader slot is left. `env` must outlive it.
  static base::Result<std::unique_ptr<KeyStore>> open(const EnvironmentStore& env);

  // For a State; this must outlive it.
  KeyLookup lookup();

  // The first failure of a look. From then on every key passes for a new one: what a State made of it must not be
  // stored, since a key that is there already can't be put again.
  const base::Status& status() const { return status_; }

 private:
  explicit KeyStore(Txn txn) : txn_(std::move(txn)) {}
  std::optional<std::uint64_t> seq_of(std::string_view key);

  Txn txn_;  // reset between looks
  base::Status status_;
};

}  // namespace lifesign::recorder
