#include "net/port_holder.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>

namespace lifesign::net {
namespace {

namespace fs = std::filesystem;

// The socket's inode from /proc/net/tcp: "sl local_address rem_address st … inode", where st 0A is LISTEN.
std::optional<std::uint64_t> listening_inode(const char* table, int port) {
  std::ifstream in(table);
  std::string line;
  std::getline(in, line);
  while (std::getline(in, line)) {
    std::istringstream fields(line);
    std::string slot, local, remote, state, queues, timer, retransmits, uid, timeout;
    std::uint64_t inode = 0;
    fields >> slot >> local >> remote >> state >> queues >> timer >> retransmits >> uid >> timeout >> inode;
    const auto colon = local.rfind(':');
    if (!fields || state != "0A" || colon == std::string::npos) continue;
    if (std::stoi(local.substr(colon + 1), nullptr, 16) == port) return inode;
  }
  return std::nullopt;
}

bool holds(const fs::path& process, std::uint64_t inode) {
  const std::string wanted = fmt::format("socket:[{}]", inode);
  std::error_code ignored;
  for (const auto& fd : fs::directory_iterator(process / "fd", ignored))
    if (fs::read_symlink(fd.path(), ignored).string() == wanted) return true;
  return false;
}

}  // namespace

std::string port_holder(int port) {
  std::optional<std::uint64_t> inode = listening_inode("/proc/net/tcp", port);
  if (!inode) inode = listening_inode("/proc/net/tcp6", port);
  if (!inode) return {};
  std::error_code ignored;
  for (const auto& process : fs::directory_iterator("/proc", ignored)) {
    const std::string pid = process.path().filename().string();
    if (!std::all_of(pid.begin(), pid.end(), [](unsigned char c) { return std::isdigit(c); })) continue;
    if (!holds(process.path(), *inode)) continue;
    std::ifstream comm(process.path() / "comm");
    std::string name;
    std::getline(comm, name);
    return fmt::format("pid {} ({})", pid, name);
  }
  return {};
}

}  // namespace lifesign::net
