#include "broker/reports.h"

#include <fmt/format.h>

#include "wire/limits.h"
#include "wire/writer.h"

namespace lifesign::broker {
namespace {

using base::Code;
using base::Error;

constexpr std::size_t max_services = 16;
constexpr std::size_t max_counters = 64;
constexpr std::size_t max_report_bytes = 8 * 1024;

base::Status check_counters(wire::Bytes packed) {
  wire::Reader reader(packed);
  std::uint32_t pairs = 0;
  if (!reader.map(pairs) || pairs > max_counters || packed.size() > max_report_bytes)
    return Error{Code::invalid_value,
                 fmt::format("counters must be a map of at most {} names to numbers", max_counters)};
  for (std::uint32_t i = 0; i < pairs; ++i) {
    std::string_view name;
    double value = 0;
    if (!reader.text(name) || !reader.number(value))
      return Error{Code::bad_message, "counters must be a map of names to numbers"};
  }
  return {};
}

}  // namespace

base::Status Reports::keep(wire::Bytes body, base::Micros monotonic) {
  wire::Reader reader(body);
  std::uint32_t pairs = 0;
  std::string_view service;
  wire::Bytes counters;
  bool good = reader.map(pairs);
  for (std::uint32_t i = 0; good && i < pairs; ++i) {
    std::string_view key;
    good = reader.text(key);
    if (good && key == "service")
      good = reader.text(service);
    else if (good && key == "counters")
      good = reader.raw(counters);
    else
      good = good && reader.skip();
  }
  if (!good || service.empty() || service.size() > wire::limits::short_text_bytes || counters.empty())
    return Error{Code::bad_message, "a report is a map with service, a short name, and counters, a map"};
  if (base::Status status = check_counters(counters); !status.ok()) return status;
  const std::string name(service);
  if (!reports_.contains(name) && reports_.size() >= max_services)
    return Error{Code::overloaded, fmt::format("{} services report already", reports_.size())};
  reports_[name] = {std::string(counters), monotonic};
  return {};
}

std::string Reports::status(const Sequencer& sequencer, const Counters& counters, base::Micros monotonic) const {
  std::string out;
  wire::Writer writer(out);
  writer.map(2).text("broker").map(5 + Counters::size);
  writer.field("broker_run", sequencer.run()).field("next_seq", sequencer.next_seq());
  writer.field("recorded", sequencer.recorded()).field("time", to_wire(sequencer.time()));
  writer.flag("recorder_connected", sequencer.has_recorder());
  for (std::size_t i = 0; i < Counters::size; ++i) writer.field(counters.name(i), counters.value(i));
  writer.text("services").map(reports_.size());
  for (const auto& [name, report] : reports_) {
    writer.text(name).map(2).text("counters").raw(report.counters);
    const auto age = std::chrono::duration_cast<base::Millis>(monotonic - report.at);
    writer.field("age_ms", static_cast<std::uint64_t>(age.count()));
  }
  return out;
}

}  // namespace lifesign::broker
