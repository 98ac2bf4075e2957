// The release: what --version says. tests/unit/config compares it with CMakeLists.txt.
#pragma once

#include <string_view>

namespace lifesign::config {

inline constexpr std::string_view version = "0.1.0";

}  // namespace lifesign::config
