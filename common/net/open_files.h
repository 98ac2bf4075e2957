// The limit of open files: a connection takes one.
#pragma once

#include <cstdint>

namespace lifesign::net {

// Raises the soft limit to the hard one and returns what is in force.
std::uint64_t raise_open_files();

}  // namespace lifesign::net
