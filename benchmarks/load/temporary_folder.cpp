#include "load/temporary_folder.h"

#include <fmt/format.h>
#include <stdlib.h>

#include <cerrno>
#include <cstring>

namespace lifesign::load {

base::Result<TemporaryFolder> TemporaryFolder::make(const std::string& parent) {
  std::error_code error;
  const std::filesystem::path where =
      parent.empty() ? std::filesystem::temp_directory_path(error) : std::filesystem::path(parent);
  std::string path = (where / "lifesign-bench-XXXXXX").string();
  if (::mkdtemp(path.data()) == nullptr)
    return base::Error{base::Code::io_failed, fmt::format("cannot make a folder in {}: {}; name another with --folder",
                                                          where.string(), std::strerror(errno))};
  return TemporaryFolder(path);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace lifesign::load
