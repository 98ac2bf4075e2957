// Names on disk. An fsync of a file does not promise that its folder still names it after a power cut.
#pragma once

#include <filesystem>

#include "base/error.h"

namespace lifesign::recorder {

// Every name in `folder` is on disk when this returns without an error. A file system that cannot sync folders counts
// as one that need not.
base::Status sync_folder(const std::filesystem::path& folder);

}  // namespace lifesign::recorder
