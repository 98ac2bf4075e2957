// The TOML file, read into "section.key" -> text with its place, so that a message can say file:line.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "config/declaration.h"

namespace lifesign::config {

struct FileValue {
  std::string text;   // as the setting's parser takes it
  std::string place;  // "/etc/lifesign.toml:12"
  bool is_string = false;
  bool is_simple = true;  // false: an array, a date or a table, which no setting takes
};

struct File {
  std::map<std::string, FileValue> values;      // by "section.key", or "key" at top level
  std::map<std::string, std::string> sections;  // name to place
};

base::Result<File> read_file(const std::string& path);

// Keys that nobody can have meant: any unknown one in `own_section`; elsewhere, where other processes have settings
// too, only those that are a slip of the pen away from one of ours.
base::Status check_unknown(const File& file, std::string_view own_section,
                           const std::vector<Declaration>& declarations);

}  // namespace lifesign::config
