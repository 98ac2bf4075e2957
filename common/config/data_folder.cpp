#include "config/data_folder.h"

#include <cstdlib>

namespace lifesign::config {

std::string data_folder(const std::string& given) {
  if (!given.empty()) return given;
  // The XDG rules: a relative path in the variable is to be ignored.
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && state[0] == '/') {
    return std::string(state) + "/lifesign";
  }
  if (const char* home = std::getenv("HOME"); home != nullptr && home[0] == '/') {
    return std::string(home) + "/.local/state/lifesign";
  }
  return "/var/lib/lifesign";
}

}  // namespace lifesign::config
