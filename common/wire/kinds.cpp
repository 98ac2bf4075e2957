#include "wire/kinds.h"

#include <algorithm>
#include <array>

namespace lifesign::wire {

std::string_view kind_name(Kind kind) {
  switch (kind) {
    case Kind::beats:
      return "beats";
    case Kind::registration:
      return "register";
    case Kind::goodbye:
      return "goodbye";
    case Kind::verdicts:
      return "verdicts";
    case Kind::command:
      return "command";
    case Kind::backfill:
      return "backfill";
    case Kind::tick:
      return "tick";
    case Kind::event:
      return "event";
    case Kind::closed:
      return "closed";
    case Kind::status:
      return "status";
    case Kind::report:
      return "report";
  }
  return "unknown";
}

namespace events {

bool is_verdict(std::string_view type) {
  constexpr std::array verdicts = {registered, ready, status, duplicate, missed, timeout, recovered, stalled, resumed};
  return std::find(verdicts.begin(), verdicts.end(), type) != verdicts.end();
}

bool is_command(std::string_view type) {
  return type == expected || type == stopped || type == forgotten;
}

}  // namespace events
}  // namespace lifesign::wire
