// When an agent that works by the calendar is due: five-field cron in a time zone.
//
//   minute hour day-of-month month day-of-week      "30 2 * * MON-FRI"
//
// Names (JAN, MON), ranges, lists, steps and Sunday as 0 or 7, as in Vixie cron; where both days are restricted either
// may match. A local time that a clock change skips fires at the first moment after the gap; one that comes twice
// fires at the first.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"
#include "liveness/types.h"

namespace date {
class time_zone;
}

namespace lifesign::liveness {

class Schedule {
 public:
  // invalid_value with the field and what was expected; also for one that never fires (30 February). "" is UTC.
  static base::Result<Schedule> parse(std::string_view cron, std::string_view time_zone);

  // The first fire after `t`; t + horizon where there is none before (29 February on a Monday). A search costs some
  // tens of microseconds at most; asked again within the same gap it is answered from memory, so a schedule is for one
  // thread at a time.
  Ms next_after(Ms t) const;
  static constexpr Ms horizon = Ms{10} * 366 * 86'400'000;

 private:
  Schedule() = default;
  bool ever_fires() const;
  bool day_matches(unsigned day, unsigned weekday) const;
  Ms search(Ms t) const;

  std::uint64_t minutes_ = 0;
  std::uint32_t hours_ = 0;
  std::uint32_t days_ = 0;
  std::uint16_t months_ = 0;
  std::uint8_t weekdays_ = 0;
  bool any_day_ = false, any_weekday_ = false;
  const date::time_zone* zone_ = nullptr;
  mutable Ms gap_from_ = 0, gap_to_ = 0;  // nothing fires between
};

}  // namespace lifesign::liveness
