// Assertions that stay on in release: they show the values, then abort, so that a wrong state is never acted on.
#pragma once

#include <fmt/format.h>

#include <string>

namespace lifesign::base {

[[noreturn]] void assertion_failed(const char* file, int line, const char* condition, const std::string& message);

}  // namespace lifesign::base

// LIFESIGN_ASSERT(first <= next, "first {} next {}", first, next);
#define LIFESIGN_ASSERT(condition, ...)                                                               \
  do {                                                                                                \
    if (!(condition)) [[unlikely]]                                                                    \
      ::lifesign::base::assertion_failed(__FILE__, __LINE__, #condition, ::fmt::format(__VA_ARGS__)); \
  } while (false)
