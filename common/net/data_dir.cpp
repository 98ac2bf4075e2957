#include "net/data_dir.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace lifesign::net {
namespace {

namespace fs = std::filesystem;
using base::Code;
using base::Error;

struct Default {
  std::string_view name;
  int offset;  // from the base port
};
constexpr std::array<Default, 4> names = {{{"ingest", 0}, {"events", 1}, {"log", 2}, {"query", 3}}};
constexpr int default_port = 7400;

int offset_of(std::string_view name) {
  for (const Default& d : names)
    if (d.name == name) return d.offset;
  LIFESIGN_ASSERT(false, "{} is not an endpoint's name", name);
  return 0;
}

Error failed(const fs::path& path, std::string_view doing) {
  return {Code::io_failed, fmt::format("{} {}: {}", doing, path.string(), std::strerror(errno))};
}

// Writes beside the file and renames, so that a reader sees the old content or the new one.
base::Status replace_file(const fs::path& path, std::string_view content, mode_t mode) {
  const fs::path beside = path.string() + fmt::format(".{}", ::getpid());
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (fd < 0) return failed(beside, "cannot create");
  const bool whole = ::write(fd, content.data(), content.size()) == static_cast<ssize_t>(content.size());
  ::close(fd);
  if (!whole || ::rename(beside.c_str(), path.c_str()) != 0) return failed(path, "cannot write");
  return {};
}

constexpr std::size_t token_bytes = 32;

std::string read_token(const fs::path& path) {
  std::ifstream in(path);
  std::string token;
  in >> token;
  return token.size() == token_bytes * 2 ? token : std::string();
}

}  // namespace

base::Result<DataDir> DataDir::open(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path, error)) {
    fs::create_directories(path, error);
    if (!error) fs::permissions(path, fs::perms::owner_all, error);
  }
  if (error || !fs::is_directory(path, error))
    return Error{Code::io_failed, fmt::format("the data folder {} cannot be used: {}; choose another with --data",
                                              path.string(), error ? error.message() : "it is not a folder")};
  return DataDir(fs::absolute(path));
}

base::Result<std::string> DataDir::token() const {
  const fs::path path = path_ / "token";
  // A token comes into being whole (see below), so one that exists and does not read well will not get better.
  const bool there = fs::exists(path);
  if (std::string token = read_token(path); !token.empty()) return token;
  if (there)
    return Error{Code::io_failed, fmt::format("{} cannot be read or does not hold a token of {} hex digits; it must be "
                                              "readable by you, or be deleted so that a new one is made",
                                              path.string(), token_bytes * 2)};
  std::array<unsigned char, token_bytes> random{};
  if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size()))
    return failed(path, "no random bytes for");
  std::string token;
  for (const unsigned char byte : random) token += fmt::format("{:02x}", byte);

  // Several processes may come here at once: link() lets one file win, and all read that one.
  std::string mine = path.string() + ".XXXXXX";
  const int fd = ::mkostemp(mine.data(), O_CLOEXEC);  // mode 0600
  if (fd < 0) return failed(mine, "cannot create");
  const bool whole = ::write(fd, token.data(), token.size()) == static_cast<ssize_t>(token.size()) && ::fsync(fd) == 0;
  ::close(fd);
  if (!whole) return failed(mine, "cannot write");
  const bool linked = ::link(mine.c_str(), path.c_str()) == 0 || errno == EEXIST;
  ::unlink(mine.c_str());
  if (!linked) return failed(path, "cannot create");
  return read_token(path);
}

base::Status DataDir::write_endpoints(std::string_view process,
                                      const std::map<std::string, std::string>& endpoints) const {
  std::string content;
  for (const auto& [name, endpoint] : endpoints) content += fmt::format("{} = \"{}\"\n", name, endpoint);
  return replace_file(path_ / fmt::format("{}.endpoints", process), content, 0644);
}

std::map<std::string, std::string> DataDir::read_endpoints(std::string_view process) const {
  std::map<std::string, std::string> out;
  std::ifstream in(path_ / fmt::format("{}.endpoints", process));
  std::string line;
  while (std::getline(in, line)) {
    const auto equals = line.find(" = \"");
    if (equals == std::string::npos || line.back() != '"') continue;
    out[line.substr(0, equals)] = line.substr(equals + 4, line.size() - equals - 5);
  }
  return out;
}

std::string endpoint_of(const DataDir& dir, std::string_view name, const std::string& given) {
  if (!given.empty()) return given;
  const auto known = dir.read_endpoints(name == "query" ? "recorder" : "broker");
  if (const auto found = known.find(std::string(name)); found != known.end()) return found->second;
  return fmt::format("tcp://127.0.0.1:{}", default_port + offset_of(name));
}

std::string bind_endpoint(const DataDir& dir, std::string_view process, std::string_view name, const std::string& given,
                          int base_port) {
  if (!given.empty()) return given;
  if (base_port != 0) return fmt::format("tcp://127.0.0.1:{}", base_port + offset_of(name));
  const auto known = dir.read_endpoints(process);
  if (const auto found = known.find(std::string(name)); found != known.end()) return found->second;
  return "tcp://127.0.0.1:*";
}

base::Result<ProcessLock> ProcessLock::take(const DataDir& dir, std::string_view process) {
  const fs::path path = dir.path() / fmt::format("{}.lock", process);
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return failed(path, "cannot open the lock file");
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0) {
    std::array<char, 32> pid{};
    const ssize_t bytes = ::read(fd, pid.data(), pid.size() - 1);
    ::close(fd);
    std::string holder = bytes > 0 ? std::string(pid.data(), static_cast<std::size_t>(bytes)) : "unknown";
    return Error{Code::busy,
                 fmt::format("another {} (pid {}) already uses the data folder {}; stop it first, or choose "
                             "another folder with --data",
                             process, holder, dir.path().string())};
  }
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    ::close(fd);
    return failed(path, "cannot write the lock file");
  }
  return ProcessLock(fd);
}

ProcessLock::~ProcessLock() {
  if (fd_ >= 0) ::close(fd_);
}

}  // namespace lifesign::net
