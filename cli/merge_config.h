// One example file out of those of several processes. Pure.
#pragma once

#include <string>
#include <vector>

namespace lifesign::cli {

// Each example holds settings that processes share, then its sections. Shared settings come once, in order of their
// first appearance; sections follow as they are.
std::string merge_examples(const std::vector<std::string>& examples);

}  // namespace lifesign::cli
