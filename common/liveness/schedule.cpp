#include "liveness/schedule.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <exception>
#include <span>

#include "base/text.h"

namespace lifesign::liveness {
namespace {

constexpr std::array<unsigned, 13> longest{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};  // by month

struct FieldSpec {
  std::string_view name;
  unsigned min, max;
  std::span<const std::string_view> names;  // names[0] stands for `first_name`
  unsigned first_name;
};

constexpr std::array<std::string_view, 12> month_names{"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                       "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> day_names{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};
const std::array<FieldSpec, 5> specs{{{"minute", 0, 59, {}, 0},
                                      {"hour", 0, 23, {}, 0},
                                      {"day of month", 1, 31, {}, 0},
                                      {"month", 1, 12, month_names, 1},
                                      {"day of week", 0, 7, day_names, 0}}};

bool same_letters(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if ((a[i] & ~0x20) != b[i]) return false;
  return true;
}

bool parse_value(std::string_view text, const FieldSpec& spec, unsigned& out) {
  for (std::size_t i = 0; i < spec.names.size(); ++i)
    if (same_letters(text, spec.names[i])) {
      out = spec.first_name + static_cast<unsigned>(i);
      return true;
    }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && out >= spec.min && out <= spec.max;
}

std::string_view cut(std::string_view& text, char at) {
  const std::size_t i = text.find(at);
  const std::string_view head = text.substr(0, i);
  text = i == std::string_view::npos ? std::string_view() : text.substr(i + 1);
  return head;
}

bool parse_item(std::string_view item, const FieldSpec& spec, std::uint64_t& bits) {
  const bool has_step = item.find('/') != std::string_view::npos;
  std::string_view rest = item;
  std::string_view range = cut(rest, '/');
  unsigned step = 1;
  if (has_step) {
    const FieldSpec any{"step", 1, spec.max, {}, 0};
    if (!parse_value(rest, any, step)) return false;
  }
  unsigned first = spec.min, last = spec.max;
  if (range != "*") {
    const bool has_range = range.find('-') != std::string_view::npos;
    std::string_view tail = range;
    if (!parse_value(cut(tail, '-'), spec, first)) return false;
    if (has_range) {
      if (!parse_value(tail, spec, last) || last < first) return false;
    } else if (!has_step) {
      last = first;
    }
  }
  for (unsigned v = first; v <= last; v += step) bits |= 1ULL << v;
  return true;
}

base::Result<std::uint64_t> parse_field(std::string_view text, const FieldSpec& spec) {
  std::uint64_t bits = 0;
  std::string_view rest = text;
  bool ok = !text.empty() && text.back() != ',';
  while (ok && !rest.empty()) ok = parse_item(cut(rest, ','), spec, bits);
  if (!ok || bits == 0)
    return base::Error{
        base::Code::invalid_value,
        fmt::format("schedule: \"{}\" is no {}: want numbers from {} to {}, as in \"*\", \"5\", \"1-5\", "
                    "\"*/10\" or \"1,15\"",
                    base::printable(text), spec.name, spec.min, spec.max)};
  return bits;
}

}  // namespace

base::Result<Schedule> Schedule::parse(std::string_view cron, std::string_view time_zone) {
  std::array<std::uint64_t, 5> bits{};
  std::array<bool, 5> any{};
  std::size_t n = 0;
  for (std::string_view rest = cron; !rest.empty();) {
    const std::size_t skip = rest.find_first_not_of(" \t");
    if (skip == std::string_view::npos) break;
    rest.remove_prefix(skip);
    const std::string_view field = rest.substr(0, rest.find_first_of(" \t"));
    rest.remove_prefix(field.size());
    if (n == 5) return base::Error{base::Code::invalid_value, "schedule: more than five fields"};
    auto parsed = parse_field(field, specs[n]);
    if (!parsed.ok()) return parsed.error();
    any[n] = field.front() == '*';
    bits[n++] = *parsed;
  }
  if (n != 5)
    return base::Error{base::Code::invalid_value,
                       fmt::format("schedule: {} fields, want five: minute hour day month weekday", n)};
  Schedule s;
  s.minutes_ = bits[0];
  s.hours_ = static_cast<std::uint32_t>(bits[1]);
  s.days_ = static_cast<std::uint32_t>(bits[2]);
  s.months_ = static_cast<std::uint16_t>(bits[3]);
  s.weekdays_ = static_cast<std::uint8_t>((bits[4] | (bits[4] >> 7)) & 0x7f);  // 7 is Sunday too
  s.any_day_ = any[2];
  s.any_weekday_ = any[4];
  try {
    s.zone_ = date::locate_zone(time_zone.empty() ? std::string_view("UTC") : time_zone);
  } catch (const std::exception&) {
    return base::Error{base::Code::invalid_value, fmt::format("time_zone: \"{}\" is not known here; want an IANA name "
                                                              "like Europe/Vienna",
                                                              base::printable(time_zone))};
  }
  if (!s.ever_fires())
    return base::Error{base::Code::invalid_value, fmt::format("schedule: \"{}\" never fires", base::printable(cron))};
  return s;
}

// Each day of the year falls on each weekday in some year. A weekday that may match alone comes each week.
bool Schedule::ever_fires() const {
  if (!any_day_ && !any_weekday_) return true;
  for (unsigned month = 1; month <= 12; ++month)
    if (((months_ >> month) & 1) != 0 && (days_ & ((2ULL << longest[month]) - 2)) != 0) return true;
  return false;
}

bool Schedule::day_matches(unsigned day, unsigned weekday) const {
  const bool d = ((days_ >> day) & 1) != 0;
  const bool w = ((weekdays_ >> weekday) & 1) != 0;
  return any_day_ || any_weekday_ ? d && w : d || w;
}

Ms Schedule::search(Ms t) const {
  using std::chrono::milliseconds;
  const date::sys_time<milliseconds> from{milliseconds(t)};
  // Local times map to instants in order, so none before the local time of `t` can fire after `t`.
  const auto local_from = zone_->to_local(from);
  auto day = std::chrono::time_point_cast<date::days>(local_from);
  if (day > local_from) day -= date::days(1);
  const auto first_day = day;
  const auto end = day + std::chrono::duration_cast<date::days>(milliseconds(horizon));
  for (; day < end; day += date::days(1)) {
    const date::year_month_day ymd(day);
    const auto month = static_cast<unsigned>(ymd.month());
    if (((months_ >> month) & 1) == 0) {
      day = date::local_days(ymd.year() / ymd.month() / date::last);
      continue;
    }
    if (!day_matches(static_cast<unsigned>(ymd.day()), date::weekday(day).c_encoding())) continue;
    for (int hour = 0; hour < 24; ++hour) {
      if (((hours_ >> hour) & 1) == 0) continue;
      if (day == first_day && day + std::chrono::hours(hour + 1) <= local_from) continue;
      for (int minute = 0; minute < 60; ++minute) {
        if (((minutes_ >> minute) & 1) == 0) continue;
        const auto local = day + std::chrono::hours(hour) + std::chrono::minutes(minute);
        if (local + std::chrono::minutes(1) <= local_from) continue;
        const auto info = zone_->get_info(std::chrono::time_point_cast<std::chrono::seconds>(local));
        const auto instant = info.result == date::local_info::nonexistent
                                 ? std::chrono::time_point_cast<milliseconds>(info.first.end)
                                 : date::sys_time<milliseconds>(local.time_since_epoch() - info.first.offset);
        if (instant > from) return instant.time_since_epoch().count();
      }
    }
  }
  return t + horizon;
}

Ms Schedule::next_after(Ms t) const {
  if (t >= gap_from_ && t < gap_to_) return gap_to_;
  const Ms next = search(t);
  LIFESIGN_ASSERT(next > t, "no fire after {}", t);
  if (next == t + horizon) return next;  // where the search ended, and no fire
  gap_from_ = t;
  return gap_to_ = next;
}

}  // namespace lifesign::liveness
