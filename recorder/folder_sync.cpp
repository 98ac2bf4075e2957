#include "recorder/folder_sync.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace lifesign::recorder {

base::Status sync_folder(const std::filesystem::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && (::fsync(fd) == 0 || errno == EINVAL);
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (synced) return {};
  return base::Error{base::Code::storage_failed,
                     fmt::format("cannot sync the folder {}: {}", folder.string(), std::strerror(error))};
}

}  // namespace lifesign::recorder
