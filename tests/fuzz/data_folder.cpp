// What processes leave in the data folder for each other: endpoints, and the token.
#include <fstream>

#include "net/data_dir.h"
#include "scratch.h"
#include "target.h"

namespace lifesign::fuzz {

void run(std::string_view bytes) {
  static const ScratchFolder folder;
  static const auto dir = net::DataDir::open(folder.path());
  for (const char* name : {"broker.endpoints", "token"}) std::ofstream(folder.path() / name, std::ios::binary) << bytes;
  if (const auto token = dir->token(); token.ok())
    LIFESIGN_ASSERT(token->size() == 64 && bytes.find(*token) != std::string_view::npos, "token {}", *token);
  const auto endpoints = dir->read_endpoints("broker");
  LIFESIGN_ASSERT(dir->write_endpoints("broker", endpoints).ok(), "the endpoints cannot be written");
  LIFESIGN_ASSERT(dir->read_endpoints("broker") == endpoints, "what was read back are other endpoints");
  static_cast<void>(net::endpoint_of(*dir, "ingest", {}));
}

}  // namespace lifesign::fuzz
