#include "process/bad_input_ingest_cases.h"

#include <limits>

#include "process/bad_input.h"
#include "wire/limits.h"

namespace lifesign::tests {

using wire::Kind;
using wire::Writer;
namespace limits = wire::limits;

std::vector<IngestCase> malformed_messages() {
  const std::string head = ingest_header(Kind::beats), beats = beat_of("x");
  std::vector<IngestCase> cases = {
      {"empty frames", {"", ""}, "bad_message"},
      {"no body", {head}, "bad_message"},
      {"three frames", {head, beats, beats}, "bad_message"},
      {"sixty frames", Frames(60, beats), "bad_message"},
      {"an empty body", {head, ""}, "bad_message"},
      {"no items", {head, pack([](Writer& w) { w.array(0); })}, "bad_message"},
      {"a map for a header", {pack([](Writer& w) { w.map(0); }), beats}, "bad_message"},
      {"a text for a version",
       {pack([](Writer& w) { w.array(4).text("1").u64(1).u64(7).u64(1); }), beats},
       "bad_message"},
      {"version 2", {pack([](Writer& w) { w.array(4).u64(2).u64(1).u64(7).u64(1); }), beats}, "bad_version"},
      {"kind 99", {pack([](Writer& w) { w.array(4).u64(1).u64(99).u64(7).u64(1); }), beats}, "unknown_kind"},
      {"a kind of the log", {pack([](Writer& w) { w.array(4).u64(1).u64(7).u64(7).u64(1); }), beats}, "unknown_kind"},
      {"ack 3", {pack([](Writer& w) { w.array(4).u64(1).u64(1).u64(7).u64(3); }), beats}, "invalid_value"},
      {"corr -1", {pack([](Writer& w) { w.array(4).u64(1).u64(1).i64(-1).u64(1); }), beats}, "bad_message"},
      {"deadline 0",
       {pack([](Writer& w) { w.array(5).u64(1).u64(1).u64(7).u64(1).map(1).field("deadline_ms", 0); }), beats},
       "invalid_value"},
      {"a number for a token",
       {pack([](Writer& w) { w.array(5).u64(1).u64(1).u64(7).u64(1).map(1).field("token", 1); }), beats},
       "bad_message"},
      {"options of 300 levels",
       {pack([](Writer& w) { w.array(5).u64(1).u64(1).u64(7).u64(1).map(1).text("x").raw(nested(300)); }), beats},
       "bad_message"},
      {"an array that says 2^32-1", {head, "\xDD\xFF\xFF\xFF\xFF" + beats.substr(1)}, "bad_message"},
      {"a map that says 2^32-1", {head, std::string("\x91\x94\xA1x\0\0\xDF\xFF\xFF\xFF\xFF", 11)}, "bad_message"},
      {"an id that says 2^32-1", {head, "\x91\x91\xDB\xFF\xFF\xFF\xFFx"}, "bad_message"},
      {"bytes behind the body", {head, beats + "\xC0"}, "bad_message"},
      {"500 levels", {head, beat_with("new_field", [](Writer& w) { w.raw(nested(500)); })}, "bad_message"},
      {"500 levels of a body", {head, nested(500)}, "bad_message"},
      {"4,097 beats",
       {head, pack([](Writer& w) {
          w.array(limits::beats_per_message + 1);
          for (std::size_t i = 0; i <= limits::beats_per_message; ++i) w.array(1).text("x");
        })},
       "too_large"},
      {"a reserved byte", {head, "\x91\xC1"}, "bad_message"},
  };
  for (std::size_t n = 0; n < head.size(); ++n)
    cases.push_back({"a cut header", {head.substr(0, n), beats}, "bad_message"});
  const std::string full = beat_with("activity", [](Writer& w) { w.text("busy"); });
  for (std::size_t n = 0; n < full.size(); ++n)
    cases.push_back({"a cut body", {head, full.substr(0, n)}, "bad_message"});
  return cases;
}

std::vector<IngestCase> bad_beat_fields() {
  std::vector<IngestCase> cases;
  const auto field = [&](std::string_view name, const std::string& value, std::string code) {
    cases.push_back({std::string(name),
                     {ingest_header(Kind::beats), beat_with(name, [&](Writer& w) { w.raw(value); })},
                     std::move(code)});
  };
  const auto uint = [](std::uint64_t v) { return pack([&](Writer& w) { w.u64(v); }); };
  const auto text = [](std::string_view v) { return pack([&](Writer& w) { w.text(v); }); };
  const std::string minus = pack([](Writer& w) { w.i64(-5); });
  const std::string real = pack([](Writer& w) { w.real(1.5); });
  const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  for (const std::string_view name : {"interval_ms", "sent_at", "progress", "busy_for_ms", "error_count", "age_ms"}) {
    for (const std::string& wrong : {minus, real, text("5"), nested(1), std::string("\xC0"), std::string("\xC3")})
      field(name, wrong, "bad_message");
  }
  for (const std::string_view name : {"activity", "task", "busy_reason"}) {
    for (const std::string& wrong : {uint(1), nested(1), std::string("\xC0"), std::string("\xC4\x01x", 3)})
      field(name, wrong, "bad_message");
    field(name, text("\xC3\x28"), "invalid_value");      // no UTF-8
    field(name, text("\xED\xA0\x80"), "invalid_value");  // a surrogate
    field(name, text(std::string(limits::text_bytes + 1, 'x')), "invalid_value");
  }
  for (const std::uint64_t interval : {std::uint64_t{0}, std::uint64_t{9}, limits::interval_ms_max + 1, most})
    field("interval_ms", uint(interval), "invalid_value");
  field("busy_for_ms", uint(limits::busy_for_ms_max + 1), "invalid_value");
  field("metrics", nested(1), "bad_message");
  field("metrics", pack([](Writer& w) { w.map(1).field("x", std::string_view("y")); }), "bad_message");
  field("metrics", pack([](Writer& w) { w.map(1).field("\xFF", 1); }), "invalid_value");
  field("metrics", pack([](Writer& w) {
          w.map(limits::metrics + 1);
          for (std::size_t i = 0; i <= limits::metrics; ++i) w.field(std::to_string(i), i);
        }),
        "invalid_value");
  // What is no error: a clock of long ago or far ahead, the edges of an interval, fields of a later version.
  for (const std::uint64_t clock : {std::uint64_t{0}, std::uint64_t{1}, most / 2, most})
    field("sent_at", uint(clock), "received");
  field("interval_ms", uint(limits::interval_ms_max), "received");
  field("of_a_later_version", nested(10), "received");

  for (const std::string& id :
       {std::string(), std::string(limits::agent_id_bytes + 1, 'x'), std::string(100'000, 'x'), std::string("a/b"),
        std::string("a\nb"), std::string("a\0b", 3), std::string("\xFF\xFE"), std::string("\xC3\x28")})
    cases.push_back({"an id", {ingest_header(Kind::beats), beat_of(id)}, "invalid_agent_id"});
  cases.push_back({"a number for an id",
                   {ingest_header(Kind::beats), pack([](Writer& w) { w.array(1).array(1).u64(1); })},
                   "bad_message"});
  cases.push_back({"an id of the greatest length",
                   {ingest_header(Kind::beats), beat_of(std::string(limits::agent_id_bytes, 'x'))},
                   "received"});
  return cases;
}

}  // namespace lifesign::tests
