#include "load/report.h"

#include <fmt/format.h>

#include "base/text.h"

namespace lifesign::load {
namespace {

using Json = nlohmann::ordered_json;

double ms(std::uint64_t us) {
  return static_cast<double>(us) / 1000;
}

Json quantiles(const Histogram& us) {
  if (us.count() == 0) return {{"count", 0}, {"p50", nullptr}, {"p99", nullptr}, {"p999", nullptr}, {"max", nullptr}};
  return {{"count", us.count()},
          {"p50", ms(us.quantile(0.5))},
          {"p99", ms(us.quantile(0.99))},
          {"p999", ms(us.quantile(0.999))},
          {"max", ms(us.max())}};
}

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

const char* name_of(wire::Ack ack) {
  return ack == wire::Ack::none ? "none" : ack == wire::Ack::received ? "received" : "recorded";
}

struct Ratio {
  const char* name;
  std::optional<double> value;
};

// Each figure to what the machine does with the same messages and nothing of Lifesign.
std::vector<Ratio> ratios(const Results& results) {
  const Raw& raw = *results.raw;
  const auto to = [&](const std::optional<double>& beats_per_s, double records_per_s) -> std::optional<double> {
    if (!beats_per_s || records_per_s == 0) return std::nullopt;
    return *beats_per_s / (records_per_s * raw.batch);
  };
  return {{"acked_to_zmq", to(results.acked_per_s, raw.zmq.messages_per_s)},
          {"received_to_zmq", to(results.received_per_s, raw.zmq.messages_per_s)},
          {"recorded_to_zmq", to(results.recorded_per_s, raw.zmq.messages_per_s)},
          {"recorded_to_lmdb", to(results.recorded_per_s, raw.lmdb.records_per_s)},
          {"recorded_to_lmdb_single", to(results.recorded_per_s, raw.lmdb_single.records_per_s)}};
}

double per_million(const ProcessCost& process, const Results& results) {
  return results.beats_in_span == 0 ? 0 : process.cpu_s * 1e6 / static_cast<double>(results.beats_in_span);
}

std::string line(const char* name, const Histogram& us) {
  if (us.count() == 0) return fmt::format("{:<20} nothing measured\n", name);
  return fmt::format("{:<20} p50 {:.3f} ms, p99 {:.3f} ms, p99.9 {:.3f} ms, max {:.3f} ms ({} samples)\n", name,
                     ms(us.quantile(0.5)), ms(us.quantile(0.99)), ms(us.quantile(0.999)), ms(us.max()), us.count());
}

std::string beats(const char* name, const std::optional<std::uint64_t>& count, const std::optional<double>& per_s,
                  const std::string& more = "") {
  return fmt::format("{:<20} {}{}{}\n", name, count ? fmt::format("{}", *count) : "not counted",
                     per_s ? fmt::format(", {:.0f} beats/s", *per_s) : "", more);
}

}  // namespace

Json to_json(const Raw& raw) {
  return {{"message_bytes", raw.message_bytes},
          {"batch", raw.batch},
          {"zmq_messages_per_s", raw.zmq.messages_per_s},
          {"zmq_beats_per_s", raw.zmq.messages_per_s * raw.batch},
          {"lmdb_records_per_commit", raw.records_per_commit},
          {"lmdb_commits_per_s", raw.lmdb.commits_per_s},
          {"lmdb_beats_per_s", raw.lmdb.records_per_s * raw.batch},
          {"lmdb_single_commits_per_s", raw.lmdb_single.commits_per_s},
          {"lmdb_single_beats_per_s", raw.lmdb_single.records_per_s * raw.batch}};
}

Json to_json(const Options& options, const Results& results) {
  Json json{{"agents", options.agents},
            {"connections", options.connections},
            {"batch", options.batch},
            {"window", window_of(options)},
            {"ack", name_of(options.ack)},
            {"interval_ms", std::chrono::duration<double, std::milli>(interval_of(options)).count()},
            {"rate", rate_of(options) == 0 ? Json(nullptr) : Json(rate_of(options))},
            {"die", options.die},
            {"seed", options.seed},
            {"private_system", !options.running_system()},
            {"seconds", results.seconds},
            {"sent", results.sent},
            {"sent_messages", results.sent_messages},
            {"acked", results.acked},
            {"recorded", or_null(results.recorded)},
            {"received", or_null(results.received)},
            {"received_from", results.received_from},
            {"refused", results.refused},
            {"refusals", results.refusals},
            {"unanswered_messages", results.unanswered_messages},
            {"lost_feeds", results.lost_feeds},
            {"sent_per_s", results.sent_per_s},
            {"acked_per_s", results.acked_per_s},
            {"recorded_per_s", or_null(results.recorded_per_s)},
            {"received_per_s", or_null(results.received_per_s)},
            {"late_share", results.late_share},
            {"ack_ms", quantiles(results.ack_us)},
            {"e2e_ms", quantiles(results.e2e_us)},
            {"lateness_ms", quantiles(results.lateness_us)}};
  const auto watched = [&](std::uint64_t count) { return results.watched ? Json(count) : Json(nullptr); };
  json["deaths"] = results.deaths;
  json["deaths_reported"] = watched(results.deaths_reported);
  json["other_timeouts"] = watched(results.other_timeouts);
  json["false_timeouts"] = watched(results.false_timeouts);
  json["falsely_timed_out"] = results.falsely_timed_out;
  json["recovered"] = watched(results.recovered);
  json["blind"] = watched(results.blind);
  json["processes"] = Json::array();
  for (const ProcessCost& process : results.processes)
    json["processes"].push_back({{"name", process.name},
                                 {"cpu_s", process.cpu_s},
                                 {"cpu_s_per_million_beats", per_million(process, results)},
                                 {"peak_rss_bytes", process.peak_rss_bytes}});
  json["raw"] = results.raw ? to_json(*results.raw) : Json(nullptr);
  json["ratio"] = nullptr;
  if (results.raw)
    for (const Ratio& ratio : ratios(results)) json["ratio"][ratio.name] = or_null(ratio.value);
  json["notes"] = results.notes;
  return json;
}

std::string to_text(const Raw& raw) {
  return fmt::format(
      "raw ZeroMQ           {:.0f} messages/s, {:.0f} beats/s (DEALER, ROUTER, PUB, SUB; {} bytes each)\n"
      "raw LMDB             {:.0f} commits/s of {} records, {:.0f} beats/s; of one record: {:.0f} commits/s, {:.0f} "
      "beats/s\n",
      raw.zmq.messages_per_s, raw.zmq.messages_per_s * raw.batch, raw.message_bytes, raw.lmdb.commits_per_s,
      raw.records_per_commit, raw.lmdb.records_per_s * raw.batch, raw.lmdb_single.commits_per_s,
      raw.lmdb_single.records_per_s * raw.batch);
}

std::string to_text(const Options& options, const Results& results) {
  std::string out =
      fmt::format("{} agents over {} connections, {} beats in a message, ack {}, {} in flight on each, {}\n",
                  options.agents, options.connections, options.batch, name_of(options.ack), window_of(options),
                  rate_of(options) == 0 ? "as fast as it goes" : fmt::format("{:.0f} beats/s", rate_of(options)));
  out += beats("sent", results.sent, results.sent_per_s);
  out += beats("acknowledged", results.acked, results.acked_per_s);
  out += beats("recorded", results.recorded, results.recorded_per_s);
  out += beats("received", results.received, results.received_per_s, fmt::format(" (from {})", results.received_from));
  for (const auto& [code, messages] : results.refusals) out += fmt::format("{:<20} {} messages\n", code, messages);
  if (results.unanswered_messages != 0)
    out += fmt::format("unanswered           {} messages\n", results.unanswered_messages);
  if (results.lost_feeds != 0) out += fmt::format("the log reader was cut off {} times\n", results.lost_feeds);
  if (rate_of(options) != 0)
    out += fmt::format("sent late            {:.2f} % of messages by over 1 ms\n", results.late_share * 100);
  out += line("ack latency", results.ack_us);
  out += line("end to end", results.e2e_us);
  if (results.watched) {
    out += line("detection lateness", results.lateness_us);
    out += fmt::format(
        "deaths               {} planned, {} reported; {} timeouts of agents that could not beat in time; {} "
        "recovered\n",
        results.deaths, results.deaths_reported, results.other_timeouts, results.recovered);
    out += fmt::format(
        "false timeouts       {}{}\n", results.false_timeouts,
        results.falsely_timed_out.empty() ? "" : fmt::format(": {}", fmt::join(results.falsely_timed_out, " ")));
    if (results.blind != 0)
      out += fmt::format("blind                {} times Lifesign said that it could not hear\n", results.blind);
  }
  for (const ProcessCost& process : results.processes)
    out += fmt::format("{:<20} {:.2f} CPU s, {:.2f} per million beats, peak {}\n", process.name, process.cpu_s,
                       per_million(process, results), base::format_size(process.peak_rss_bytes));
  if (results.raw) {
    out += to_text(*results.raw);
    for (const Ratio& ratio : ratios(results))
      if (ratio.value) out += fmt::format("{:<20} {:.3f}\n", ratio.name, *ratio.value);
  }
  for (const std::string& note : results.notes) out += "note: " + note + "\n";
  return out;
}

}  // namespace lifesign::load
