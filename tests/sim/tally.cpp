#include "sim/tally.h"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace lifesign::sim {
namespace {

using Field = std::pair<std::string_view, std::uint64_t Tally::*>;
constexpr std::array fields{
    Field{"worlds", &Tally::worlds},
    Field{"agents", &Tally::agents},
    Field{"beats", &Tally::beats},
    Field{"deadlines", &Tally::deadlines},
    Field{"looks", &Tally::looks},
    Field{"ticks", &Tally::ticks},
    Field{"timeouts", &Tally::timeouts},
    Field{"recoveries", &Tally::recoveries},
    Field{"faults", &Tally::faults},
    Field{"acked", &Tally::acked},
    Field{"lost_blind", &Tally::lost_blind},
    Field{"uncounted", &Tally::uncounted},
    Field{"untold", &Tally::untold},
    Field{"on_lost", &Tally::on_lost},
    Field{"unclear", &Tally::unclear},
    Field{"events", &Tally::events},
    Field{"false_timeouts", &Tally::false_timeouts},
    Field{"missed_deaths", &Tally::missed_deaths},
    Field{"other", &Tally::other},
    Field{"naive_timeouts", &Tally::naive_timeouts},
    Field{"naive_false", &Tally::naive_false},
    Field{"naive_missed", &Tally::naive_missed},
};

}  // namespace

void Tally::add(const Tally& t) {
  for (const auto& [name, field] : fields) this->*field += t.*field;
  worst_delay_ms = std::max(worst_delay_ms, t.worst_delay_ms);
  for (const std::string& what : t.broken)
    if (broken.size() < 20) broken.push_back(what);
}

std::string to_text(const Tally& t, std::string_view storm) {
  return fmt::format("{:<14} {:>6} {:>10} {:>10} {:>8} {:>9} {:>6} {:>6} {:>6} {:>8} {:>11} {:>12}\n", storm, t.worlds,
                     t.beats, t.deadlines, t.faults, t.timeouts, t.false_timeouts, t.missed_deaths, t.other,
                     t.worst_delay_ms, t.naive_false, t.naive_missed);
}

std::string to_json(const Tally& t, std::string_view storm) {
  std::string out = fmt::format("{{\"storm\":\"{}\"", storm);
  for (const auto& [name, field] : fields) out += fmt::format(",\"{}\":{}", name, t.*field);
  return out + fmt::format(",\"worst_delay_ms\":{}}}", t.worst_delay_ms);
}

}  // namespace lifesign::sim
