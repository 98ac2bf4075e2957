// What ingest must refuse, each with the error code that docs/protocol.md promises; and what looks bad and is not.
#pragma once

#include <string>
#include <vector>

#include "support/ordeal.h"

namespace lifesign::tests {

struct IngestCase {
  std::string what;
  Frames frames;
  std::string code;  // "received": it is no error
};

std::vector<IngestCase> malformed_messages();
std::vector<IngestCase> bad_beat_fields();
std::vector<IngestCase> bad_items(const std::string& token);

}  // namespace lifesign::tests
