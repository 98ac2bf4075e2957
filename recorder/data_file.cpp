#include "recorder/data_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <unordered_set>
#include <vector>

namespace lifesign::recorder {
namespace {

// LMDB 0.9's layout on a 64-bit little-endian machine, from its mdb.c.
constexpr std::uint32_t meta_magic = 0xbeefc0de;
constexpr std::uint32_t data_version = 1;
constexpr std::size_t page_header_bytes = 16;
constexpr std::size_t flags_at = 10, lower_at = 12;  // in a page's header
constexpr std::size_t overflow_pages_at = 12;        // in an overflow page's header, in place of lower
constexpr std::uint16_t flag_branch = 0x01, flag_leaf = 0x02, flag_overflow = 0x04, flag_meta = 0x08;
constexpr std::size_t magic_at = 16, version_at = 20, page_size_at = 40, free_root_at = 80, last_page_at = 136,
                      transaction_at = 144;  // in a meta page
constexpr std::size_t meta_bytes = 152;
constexpr std::uint64_t no_page = ~std::uint64_t{0};
constexpr std::uint16_t node_big = 0x01;  // the value is on overflow pages
constexpr std::size_t node_header_bytes = 8;
constexpr std::size_t max_depth = 32;
constexpr std::uint64_t most_pages = std::uint64_t{1} << 40;  // more bytes than any file system holds in a file

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

template <class T>
T load(const char* p) {
  T value;
  std::memcpy(&value, p, sizeof value);
  return value;
}

bool read_at(int fd, std::uint64_t offset, char* out, std::size_t bytes) {
  while (bytes > 0) {
    const ssize_t n = ::pread(fd, out, bytes, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    out += n;
    offset += static_cast<std::uint64_t>(n);
    bytes -= static_cast<std::size_t>(n);
  }
  return true;
}

struct Meta {
  std::uint32_t page_bytes = 0;
  std::uint64_t free_root = no_page, last_page = 0, transaction = 0;
};

bool parse_meta(const char* page, Meta& out) {
  if ((load<std::uint16_t>(page + flags_at) & flag_meta) == 0) return false;
  if (load<std::uint32_t>(page + magic_at) != meta_magic) return false;
  out.page_bytes = load<std::uint32_t>(page + page_size_at);
  out.free_root = load<std::uint64_t>(page + free_root_at);
  out.last_page = load<std::uint64_t>(page + last_page_at);
  out.transaction = load<std::uint64_t>(page + transaction_at);
  const bool power_of_two = (out.page_bytes & (out.page_bytes - 1)) == 0;
  return power_of_two && out.page_bytes >= 512 && out.page_bytes <= 65536;
}

// Reads the list of free pages: a B-tree whose values are arrays of a count and as many page numbers.
class FreeList {
 public:
  FreeList(int fd, std::uint64_t file_bytes, const Meta& meta) : fd_(fd), file_bytes_(file_bytes), meta_(meta) {}

  bool read() { return meta_.free_root == no_page || walk(meta_.free_root, 0); }
  bool contains(std::uint64_t page) const { return pages_.contains(page); }

 private:
  bool page_at(std::uint64_t number, std::vector<char>& out) const {
    out.resize(meta_.page_bytes);
    return number <= meta_.last_page && read_at(fd_, number * meta_.page_bytes, out.data(), out.size());
  }

  bool walk(std::uint64_t number, std::size_t depth) {
    std::vector<char> page;
    // A page that is reached twice would be read for ever.
    if (depth > max_depth || !walked_.insert(number).second || !page_at(number, page)) return false;
    const auto flags = load<std::uint16_t>(page.data() + flags_at);
    const auto lower = load<std::uint16_t>(page.data() + lower_at);
    if (lower < page_header_bytes || lower > page.size() || (flags & (flag_branch | flag_leaf)) == 0) return false;
    const std::size_t nodes = (lower - page_header_bytes) / 2;
    for (std::size_t i = 0; i < nodes; ++i) {
      const std::size_t at = load<std::uint16_t>(page.data() + page_header_bytes + 2 * i);
      if (at + node_header_bytes > page.size()) return false;
      const bool good = (flags & flag_branch) != 0 ? child(page, at, depth) : value(page, at);
      if (!good) return false;
    }
    return true;
  }

  bool child(const std::vector<char>& page, std::size_t at, std::size_t depth) {
    const char* node = page.data() + at;
    const std::uint64_t number = load<std::uint16_t>(node) |
                                 static_cast<std::uint64_t>(load<std::uint16_t>(node + 2)) << 16 |
                                 static_cast<std::uint64_t>(load<std::uint16_t>(node + 4)) << 32;
    return walk(number, depth + 1);
  }

  bool value(const std::vector<char>& page, std::size_t at) {
    const char* node = page.data() + at;
    const std::size_t bytes = load<std::uint16_t>(node) | static_cast<std::size_t>(load<std::uint16_t>(node + 2)) << 16;
    const std::size_t data = at + node_header_bytes + load<std::uint16_t>(node + 6);
    if ((load<std::uint16_t>(node + 4) & node_big) == 0) {
      return data + bytes <= page.size() && numbers(page.data() + data, bytes);
    }
    if (data + 8 > page.size()) return false;
    const auto number = load<std::uint64_t>(page.data() + data);
    std::array<char, page_header_bytes> header{};
    if (number > meta_.last_page || !read_at(fd_, number * meta_.page_bytes, header.data(), header.size()))
      return false;
    const std::uint64_t run = load<std::uint32_t>(header.data() + overflow_pages_at);
    if ((load<std::uint16_t>(header.data() + flags_at) & flag_overflow) == 0) return false;
    if (page_header_bytes + bytes > run * meta_.page_bytes) return false;
    if (number * meta_.page_bytes + page_header_bytes + bytes > file_bytes_) return false;
    std::vector<char> out(bytes);
    return read_at(fd_, number * meta_.page_bytes + page_header_bytes, out.data(), bytes) && numbers(out.data(), bytes);
  }

  bool numbers(const char* data, std::size_t bytes) {
    if (bytes < 8) return false;
    const auto count = load<std::uint64_t>(data);
    if (count > bytes / 8 - 1) return false;
    for (std::uint64_t i = 1; i <= count; ++i) pages_.insert(load<std::uint64_t>(data + 8 * i));
    return true;
  }

  int fd_;
  std::uint64_t file_bytes_;
  const Meta& meta_;
  std::unordered_set<std::uint64_t> pages_, walked_;
};

base::Error damaged(const std::filesystem::path& path, std::string_view what) {
  return {base::Code::storage_failed, fmt::format("{}: {}; restore it from a copy", path.string(), what)};
}

}  // namespace

base::Result<DataFile> inspect_data_file(const std::filesystem::path& path) {
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat info {};
  if (fd.get() < 0 || ::fstat(fd.get(), &info) != 0) {
    return base::Error{base::Code::storage_failed, fmt::format("{}: {}", path.string(), std::strerror(errno))};
  }
  DataFile file;
  file.bytes = static_cast<std::uint64_t>(info.st_size);

  std::array<char, meta_bytes> page{};
  Meta meta, second;
  if (!read_at(fd.get(), 0, page.data(), page.size())) {
    return damaged(path, fmt::format("it has {} bytes, too few for a database", file.bytes));
  }
  if (!parse_meta(page.data(), meta)) return damaged(path, "its first page is not that of an LMDB database");
  if (const auto version = load<std::uint32_t>(page.data() + version_at); version != data_version) {
    return damaged(path, fmt::format("LMDB's format is version {}, this program reads {}", version, data_version));
  }
  if (!read_at(fd.get(), meta.page_bytes, page.data(), page.size()) || !parse_meta(page.data(), second)) {
    return damaged(path, "its second page is not that of an LMDB database");
  }
  if (second.transaction > meta.transaction) meta = second;

  if (meta.last_page >= most_pages) return damaged(path, fmt::format("it promises {} pages", meta.last_page));

  file.page_bytes = meta.page_bytes;
  file.transaction = meta.transaction;
  file.promised = (meta.last_page + 1) * meta.page_bytes;
  if (file.bytes >= file.promised) return file;

  FreeList free(fd.get(), file.bytes, meta);
  bool cut = !free.read();
  for (std::uint64_t p = file.bytes / meta.page_bytes; !cut && p <= meta.last_page; ++p) cut = !free.contains(p);
  if (cut) {
    return damaged(path, fmt::format("it is cut: it has {} bytes where {} are promised, so pages in use are missing",
                                     file.bytes, file.promised));
  }
  return file;
}

}  // namespace lifesign::recorder
