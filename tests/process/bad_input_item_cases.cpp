#include "process/bad_input.h"
#include "process/bad_input_ingest_cases.h"
#include "wire/limits.h"

namespace lifesign::tests {

using wire::Kind;
using wire::Writer;
namespace limits = wire::limits;

std::vector<IngestCase> bad_items(const std::string& token) {
  std::vector<IngestCase> cases;
  const auto one = [&](Kind kind, std::string what, const std::function<void(Writer&)>& write, std::string code,
                       std::string_view with = {}) {
    cases.push_back({std::move(what),
                     {ingest_header(kind, 7, with), pack([&](Writer& w) { write(w.array(1)); })},
                     std::move(code)});
  };
  const auto agent = [](Writer& w, std::size_t more) -> Writer& {
    return w.map(1 + more).field("agent_id", std::string_view("x"));
  };
  for (const Kind kind : {Kind::registration, Kind::goodbye}) {
    one(
        kind, "no map", [](Writer& w) { w.array(0); }, "bad_message");
    one(
        kind, "no id", [](Writer& w) { w.map(0); }, "bad_message");
    one(
        kind, "a key that is no text", [](Writer& w) { w.map(1).u64(1).u64(1); }, "bad_message");
    one(
        kind, "an id too long", [](Writer& w) { w.map(1).field("agent_id", std::string(129, 'x')); },
        "invalid_agent_id");
    one(
        kind, "300 levels", [&](Writer& w) { agent(w, 1).text("new").raw(nested(300)); }, "bad_message");
    one(
        kind, "an item over 32 KiB", [&](Writer& w) { agent(w, 1).text("new").binary(std::string(33'000, 'x')); },
        "too_large");
  }
  one(
      Kind::goodbye, "a reason too long", [&](Writer& w) { agent(w, 1).field("reason", std::string(257, 'x')); },
      "invalid_value");
  for (const std::uint64_t n : {std::uint64_t{0}, std::uint64_t{101}})
    one(
        Kind::registration, "missed_limit", [&](Writer& w) { agent(w, 1).field("missed_limit", n); }, "invalid_value");
  one(
      Kind::registration, "metadata over 16 KiB",
      [&](Writer& w) { agent(w, 1).text("metadata").map(1).field("x", std::string(17'000, 'x')); }, "invalid_value");
  one(
      Kind::registration, "metadata of 300 levels",
      [&](Writer& w) { agent(w, 1).text("metadata").map(1).text("x").raw(nested(300)); }, "bad_message");
  one(
      Kind::registration, "33 labels",
      [&](Writer& w) {
        agent(w, 1).text("labels").map(33);
        for (int i = 0; i < 33; ++i) w.field(std::to_string(i), std::string_view("x"));
      },
      "invalid_value");
  one(
      Kind::registration, "a schedule that is none",
      [&](Writer& w) { agent(w, 1).field("schedule", std::string_view("soon")); }, "invalid_value");
  one(
      Kind::registration, "a zone that is none",
      [&](Writer& w) {
        agent(w, 2).field("schedule", std::string_view("* * * * *")).field("time_zone", std::string_view("Mars/Base"));
      },
      "invalid_value");
  one(
      Kind::backfill, "no age", [](Writer& w) { w.array(1).text("x"); }, "bad_message");
  one(
      Kind::backfill, "an age of 367 days",
      [](Writer& w) { w.array(4).text("x").u64(0).u64(0).map(1).field("age_ms", limits::interval_ms_max + 1); },
      "invalid_value");
  for (const Kind kind : {Kind::verdicts, Kind::command}) {
    one(
        kind, "no token", [](Writer& w) { w.map(0); }, "not_allowed");
    one(
        kind, "a wrong token", [](Writer& w) { w.map(0); }, "not_allowed", std::string(64, '0'));
    one(
        kind, "no type", [](Writer& w) { w.map(0); }, "bad_message", token);
  }
  one(
      Kind::report, "no token", [](Writer& w) { w.map(0); }, "not_allowed");
  cases.push_back({"a report that is none", {ingest_header(Kind::report, 7, token), nested(3)}, "bad_message"});
  one(
      Kind::verdicts, "an event that is no verdict",
      [&](Writer& w) {
        w.map(2).field("type", std::string_view("fleet.blind")).field("agent_id", std::string_view("x"));
      },
      "not_allowed", token);
  return cases;
}

}  // namespace lifesign::tests
