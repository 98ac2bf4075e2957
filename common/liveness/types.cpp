#include "liveness/types.h"

#include <array>

namespace lifesign::liveness {
namespace {

constexpr std::array<std::string_view, statuses> status_names{"expected", "active", "late", "offline", "stopped"};
constexpr std::array<std::string_view, 6> cause_names{"",        "silent",     "disconnected",
                                                      "cut_off", "never_seen", "unobserved"};
constexpr std::array<std::string_view, verdict_types> verdict_names{
    wire::events::registered, wire::events::ready,   wire::events::status,
    wire::events::duplicate,  wire::events::missed,  wire::events::timeout,
    wire::events::recovered,  wire::events::stalled, wire::events::resumed};

template <class Enum, std::size_t n>
std::optional<Enum> find(const std::array<std::string_view, n>& names, std::string_view name) {
  for (std::size_t i = 0; i < n; ++i)
    if (names[i] == name) return static_cast<Enum>(i);
  return std::nullopt;
}

}  // namespace

std::string_view status_name(Status status) {
  return status_names.at(static_cast<std::size_t>(status));
}
std::optional<Status> status_from_name(std::string_view name) {
  return find<Status>(status_names, name);
}
std::string_view cause_name(Cause cause) {
  return cause_names.at(static_cast<std::size_t>(cause));
}
std::optional<Cause> cause_from_name(std::string_view name) {
  return find<Cause>(cause_names, name);
}
std::string_view verdict_name(Verdict type) {
  return verdict_names.at(static_cast<std::size_t>(type));
}
std::optional<Verdict> verdict_from_name(std::string_view name) {
  return find<Verdict>(verdict_names, name);
}

}  // namespace lifesign::liveness
