// Where the data folder is when nobody says, the same for every process and the command.
#pragma once

#include <string>

namespace lifesign::config {

// `given` if it is not empty, else $XDG_STATE_HOME/lifesign, else ~/.local/state/lifesign, else (no home)
// /var/lib/lifesign. (LIFESIGN_DATA is the setting `data`'s environment variable and has been seen to by Settings.)
std::string data_folder(const std::string& given);

inline constexpr const char* data_help =
    "Folder that holds all state of one Lifesign; empty: $XDG_STATE_HOME/lifesign, else ~/.local/state/lifesign.";

}  // namespace lifesign::config
