// LMDB's data file as the recorder looks at it before it maps it: any bytes are judged, soon and in bounded memory.
#include "recorder/data_file.h"

#include "scratch.h"
#include "target.h"

namespace lifesign::fuzz {

void run(std::string_view bytes) {
  const ScratchFile file(bytes);
  const auto inspected = recorder::inspect_data_file(file.path());
  if (!inspected.ok()) return;
  LIFESIGN_ASSERT(inspected->bytes == bytes.size(), "{} bytes", inspected->bytes);
  LIFESIGN_ASSERT(inspected->page_bytes >= 512 && inspected->promised >= inspected->page_bytes, "promised {}",
                  inspected->promised);
}

}  // namespace lifesign::fuzz
