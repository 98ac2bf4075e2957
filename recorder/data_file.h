// Looks at LMDB's data file without mapping it, since a mapped page past the end of a cut file kills the reader by
// SIGBUS. To be asked before every mdb_env_open.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/error.h"

namespace lifesign::recorder {

struct DataFile {
  std::uint64_t bytes = 0;     // its size
  std::uint64_t promised = 0;  // up to where its newer meta page says that there are pages
  std::uint32_t page_bytes = 0;
  std::uint64_t transaction = 0;  // the last one committed
};

// Reads `path`, which must exist. An error says what is wrong and where: too short for its meta pages, no LMDB file,
// another version of LMDB's format, or cut: pages that are in use lie past its end. (A file may rightly end before
// `promised`: LMDB never writes the pages that one transaction both took and gave back. Those are on its list of free
// pages, which is then read, page by page, by pread.)
base::Result<DataFile> inspect_data_file(const std::filesystem::path& path);

}  // namespace lifesign::recorder
