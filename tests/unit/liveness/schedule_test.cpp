// Cron in a time zone.
#include "liveness/schedule.h"

#include <date/date.h>

#include <catch2/catch.hpp>
#include <random>
#include <sstream>

using lifesign::liveness::Ms;
using lifesign::liveness::Schedule;
namespace base = lifesign::base;
namespace liveness = lifesign::liveness;

namespace {

Ms utc(const std::string& text) {
  std::istringstream in(text);
  date::sys_seconds t;
  in >> date::parse("%F %T", t);
  REQUIRE(!in.fail());
  return std::chrono::milliseconds(t.time_since_epoch()).count();
}

std::string next(const char* cron, const char* zone, const std::string& after) {
  const auto s = Schedule::parse(cron, zone);
  REQUIRE(s.ok());
  return date::format("%F %T", date::sys_seconds(std::chrono::seconds(s->next_after(utc(after)) / 1000)));
}

}  // namespace

TEST_CASE("ranges, lists, steps and names are read as in cron", "[schedule]") {
  CHECK(next("*/15 * * * *", "", "2026-01-01 00:00:00") == "2026-01-01 00:15:00");
  CHECK(next("5,35 8-10 * * *", "", "2026-01-01 10:20:00") == "2026-01-01 10:35:00");
  CHECK(next("5,35 8-10 * * *", "", "2026-01-01 10:35:00") == "2026-01-02 08:05:00");
  CHECK(next("0 0 1 jan *", "", "2026-01-01 00:00:00") == "2027-01-01 00:00:00");
  CHECK(next("30 6 * * Mon-Fri", "", "2026-11-27 07:00:00") == "2026-11-30 06:30:00");
  CHECK(next("0 12 * * 7", "", "2026-11-24 00:00:00") == "2026-11-29 12:00:00");
  CHECK(next("10/20 * * * *", "", "2026-01-01 00:31:00") == "2026-01-01 00:50:00");
  CHECK(next("0 0 29 2 *", "", "2026-01-01 00:00:00") == "2028-02-29 00:00:00");
}

TEST_CASE("where both days are restricted either may match", "[schedule]") {
  // 13 February 2026 is a Friday, as is the 6th.
  CHECK(next("0 0 13 * FRI", "", "2026-02-05 00:00:00") == "2026-02-06 00:00:00");
  CHECK(next("0 0 */2 * FRI", "", "2026-02-06 00:00:00") == "2026-02-13 00:00:00");  // a star restricts nothing
}

TEST_CASE("a zone's time is meant, and an instant between fires goes to the next", "[schedule]") {
  CHECK(next("30 2 * * *", "Europe/Vienna", "2026-01-15 00:00:00") == "2026-01-15 01:30:00");
  CHECK(next("30 2 * * *", "Asia/Kolkata", "2026-01-15 00:00:00") == "2026-01-15 21:00:00");
}

TEST_CASE("a local time that the clock change skips fires at the first moment after the gap", "[schedule]") {
  CHECK(next("30 2 * * *", "Europe/Vienna", "2026-03-28 12:00:00") == "2026-03-29 01:00:00");
  CHECK(next("30 2 * * *", "Europe/Vienna", "2026-03-29 01:00:00") == "2026-03-30 00:30:00");
  CHECK(next("*/20 * * * *", "Europe/Vienna", "2026-03-29 00:45:00") == "2026-03-29 01:00:00");
}

TEST_CASE("a local time that comes twice fires once, at the first", "[schedule]") {
  CHECK(next("30 2 * * *", "Europe/Vienna", "2026-10-24 12:00:00") == "2026-10-25 00:30:00");
  CHECK(next("30 2 * * *", "Europe/Vienna", "2026-10-25 00:30:00") == "2026-10-26 01:30:00");
  CHECK(next("30 2 * * *", "Europe/Vienna", "2026-10-25 01:10:00") == "2026-10-26 01:30:00");
}

TEST_CASE("a schedule that fires once in decades is taken, and its next fire is out of sight", "[schedule]") {
  auto schedule = Schedule::parse("0 0 29 2 */7", "");  // 29 February on a Sunday: 2032, 2060
  REQUIRE(schedule.ok());
  const auto from = liveness::to_ms(base::log_time(1'970'000'000'000'000));  // June 2032
  CHECK(schedule->next_after(from) == from + Schedule::horizon);
  CHECK(schedule->next_after(from + 5) == from + 5 + Schedule::horizon);
  CHECK(Schedule::parse("0 0 31 4,6,9,11 *", "").error().message.find("never fires") != std::string::npos);
  CHECK(Schedule::parse("0 0 31 4 MON", "").ok());  // either may match
}

TEST_CASE("the fire after a moment is the same whatever was asked before", "[schedule]") {
  for (const char* cron : {"*/7 * * * *", "30 2 * * MON-FRI", "0 0 1 */2 *", "0 12 29 2 *", "15 1 */10 3,11 */2"}) {
    auto asked = Schedule::parse(cron, "Europe/Vienna");
    REQUIRE(asked.ok());
    std::mt19937_64 random(20261125);
    liveness::Ms t = 1'774'700'000'000;  // just before the clocks go forward
    for (int i = 0; i < 200; ++i) {
      t += static_cast<liveness::Ms>(random() % 20'000'000) - 4'000'000;
      auto fresh = Schedule::parse(cron, "Europe/Vienna");
      INFO(cron << " after " << t);
      CHECK(asked->next_after(t) == fresh->next_after(t));
    }
  }
}

TEST_CASE("what cannot be a schedule is refused with the field's name", "[schedule]") {
  for (const char* bad : {"", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * * 13 *",
                          "* * * * 8", "5-1 * * * *", "*/0 * * * *", "a * * * *", "1, * * * *", ", * * * *"})
    CHECK_FALSE(Schedule::parse(bad, "").ok());
  CHECK(Schedule::parse("60 * * * *", "").error().message.find("minute") != std::string::npos);
  CHECK(Schedule::parse("0 0 30 2 *", "").error().message.find("never fires") != std::string::npos);
  CHECK(Schedule::parse("0 0 * * *", "Mars/Olympus").error().message.find("IANA") != std::string::npos);
}
