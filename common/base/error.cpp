#include "base/error.h"

#include <array>

namespace lifesign::base {
namespace {

constexpr std::array<std::string_view, 21> names = {"bad_message",
                                                    "bad_version",
                                                    "unknown_kind",
                                                    "invalid_agent_id",
                                                    "invalid_value",
                                                    "too_large",
                                                    "not_allowed",
                                                    "overloaded",
                                                    "recorder_unavailable",
                                                    "not_found",
                                                    "too_old",
                                                    "too_slow",
                                                    "busy",
                                                    "storage_failed",
                                                    "timed_out",
                                                    "disconnected",
                                                    "queue_full",
                                                    "forked",
                                                    "closed",
                                                    "io_failed",
                                                    "invalid_config"};
static_assert(names.size() == static_cast<std::size_t>(Code::invalid_config) + 1);

}  // namespace

std::string_view code_name(Code code) {
  return names[static_cast<std::size_t>(code)];
}

std::optional<Code> code_from_name(std::string_view name) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == name) return static_cast<Code>(i);
  return std::nullopt;
}

}  // namespace lifesign::base
