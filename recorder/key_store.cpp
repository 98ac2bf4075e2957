#include "recorder/key_store.h"

#include <fmt/format.h>

namespace lifesign::recorder {

base::Result<std::unique_ptr<KeyStore>> KeyStore::open(const EnvironmentStore& env) {
  auto txn = env.begin_read();
  if (!txn.ok()) return txn.error();
  txn->reset();
  return std::unique_ptr<KeyStore>(new KeyStore(std::move(txn).value()));
}

KeyLookup KeyStore::lookup() {
  return [this](std::string_view key) { return seq_of(key); };
}

std::optional<std::uint64_t> KeyStore::seq_of(std::string_view key) {
  constexpr std::string_view what = "looking up whether a verdict is stored already";
  if (!status_.ok()) return std::nullopt;
  if (const int rc = txn_.renew(); rc != 0) {
    status_ = storage_error(what, rc);
    return std::nullopt;
  }
  Bytes value;
  std::optional<std::uint64_t> seq;
  const int rc = txn_.get(Table::keys, key, value);
  if (rc == 0 && value.size() == 8) {
    seq = from_be64(value);
  } else if (rc == 0) {
    status_ =
        damaged(fmt::format("table keys: a value has {} bytes, not 8; lifesign check names all damage", value.size()));
  } else if (rc != MDB_NOTFOUND) {
    status_ = storage_error(what, rc);
  }
  txn_.reset();
  return seq;
}

}  // namespace lifesign::recorder
