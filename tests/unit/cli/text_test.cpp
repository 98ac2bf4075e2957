#include <catch2/catch.hpp>

#include "cli/agent_text.h"
#include "cli/context.h"
#include "cli/event_text.h"
#include "cli/label.h"
#include "cli/merge_config.h"
#include "cli/options.h"
#include "cli/status_text.h"
#include "cli/topic.h"
#include "wire/kinds.h"

using namespace lifesign::cli;
using namespace std::chrono_literals;

namespace {

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

Json event(const char* type, Json more) {
  Json out{{"type", type}, {"seq", 9}, {"time", "2026-11-24T22:13:31.120Z"}, {"agent_id", "web-1"}};
  out.update(more);
  return out;
}

}  // namespace

TEST_CASE("labels are key=value", "[cli]") {
  auto labels = parse_labels({"host=a", "expr=x=y", "empty="});
  REQUIRE(labels);
  CHECK((*labels == std::map<std::string, std::string>{{"empty", ""}, {"expr", "x=y"}, {"host", "a"}}));
  CHECK(format_labels(*labels) == "empty= expr=x=y host=a");
}

TEST_CASE("a wrong label is shown with how to write it", "[cli]") {
  for (const char* wrong : {"host", "=a", ""}) {
    auto labels = parse_labels({wrong});
    REQUIRE_FALSE(labels);
    CHECK(contains(labels.error().message, "write it as --label host=db1"));
  }
  CHECK_FALSE(parse_labels({"a=1", "a=2"}));
  CHECK_FALSE(parse_labels({std::string(65, 'k') + "=v"}));
  CHECK_FALSE(parse_labels({"k=" + std::string(257, 'v')}));
}

TEST_CASE("a topic is a type, a type and an agent, or a group of types", "[cli]") {
  auto one = parse_topics({"agent.timeout"});
  REQUIRE(one);
  CHECK((*one == std::vector<Topic>{{"agent.timeout", ""}}));
  CHECK(parse_topics({"agent.timeout/web-1"}).value() == parse_topics({"agent.timeout/web-1/"}).value());
  auto group = parse_topics({"heartbeat.*/web-1"});
  REQUIRE(group);
  CHECK((*group == std::vector<Topic>{{"heartbeat.received", "web-1"}, {"heartbeat.missed", "web-1"}}));
  auto wrong = parse_topics({"agent.timout"});
  REQUIRE_FALSE(wrong);
  CHECK(contains(wrong.error().message, "agent.timout"));
  CHECK_FALSE(parse_topics({"agent.timeout/a/b"}));
}

TEST_CASE("a topic of web-1 does not want web-10", "[cli]") {
  const auto topics = parse_topics({"agent.timeout/web-1", "agent.recovered"}).value();
  CHECK(wanted(topics, "agent.timeout", "web-1"));
  CHECK_FALSE(wanted(topics, "agent.timeout", "web-10"));
  CHECK(wanted(topics, "agent.recovered", "web-10"));
  CHECK(wanted({}, "anything", "x"));
}

TEST_CASE("an event reads as a sentence", "[cli]") {
  CHECK(describe(event("agent.timeout", {{"cause", "silent"}, {"last_heartbeat", "2026-11-24T22:12:31.120Z"}})) ==
        "not heard since 22:12:31.120 (silent)");
  CHECK(describe(event("agent.timeout", {{"cause", "never_seen"}})) == "expected, but it never came");
  CHECK(describe(event("agent.recovered", {{"outage_ms", 7500u}, {"cause", "silent"}})) == "back after 7.5s (silent)");
  CHECK(describe(event("agent.stopped", {{"reason", "bye"}})) == "said goodbye: bye");
  CHECK(describe(event("agent.stopped", {{"by", "ann@host"}, {"why", "replaced"}})) == "retired by ann@host: replaced");
  CHECK(describe(event("agent.status", {{"activity", "busy"}})) == "activity busy");
  CHECK(describe(event("agent.status", {{"activity", ""}, {"task", "t-7"}})) == "no activity, task t-7");
}

TEST_CASE("an agent's events say what came, by whom and why", "[cli]") {
  const char* last = "2026-11-24T22:12:31.120Z";
  CHECK(describe(event("heartbeat.received", {{"activity", "busy"}, {"progress", 7u}})) == "activity=busy progress=7");
  CHECK(describe(event("heartbeat.missed", {{"ordinal", 1u}, {"missed_limit", 3u}, {"last_heartbeat", last}})) ==
        "missed beat 1 of 3, last heard 22:12:31.120");
  CHECK(describe(event("agent.timeout",
                       {{"cause", "cut_off"}, {"last_heartbeat", last}, {"shared", "host=a"}, {"blind_ms", 1'500u}})) ==
        "not heard since 22:12:31.120 (cut_off), as others of host=a, 1.5s of it our own blindness");
  CHECK(describe(event("agent.ready", {{"run", 0u}})) == "first beat");
  CHECK(describe(event("agent.ready", {{"run", 0xabcu}})) == "first beat of run 0000000000000abc");
  CHECK(describe(event("agent.registered", {{"first", true}, {"labels", {{"host", "a"}}}})) == "first seen, host=a");
  CHECK(describe(event("agent.registered", {{"first", false}})) == "registration changed");
  CHECK(describe(event("agent.duplicate", {{"run", 1u}, {"other_run", 2u}})) ==
        "two runs beat by turns: 0000000000000001 and 0000000000000002");
  CHECK(describe(event("agent.stalled", {{"progress", 15u}, {"stall_after_ms", 3'000u}})) ==
        "beats come, but progress stands at 15 for over 3s");
  CHECK(describe(event("agent.resumed", {{"progress", 16u}})) == "progress moves again, now 16");
  CHECK(describe(event("agent.stopped", {{"run", 1u}})) == "said goodbye");
  CHECK(describe(event("agent.stopped", Json::object())) == "stopped");
  CHECK(describe(event("agent.expected", {{"by", "ann@host"}})) == "is expected by ann@host");
  CHECK(describe(event("agent.forgotten", {{"by", "ann@host"}, {"why", "gone"}})) == "forgotten by ann@host: gone");
}

TEST_CASE("the fleet's events say how long we were blind and what was lost", "[cli]") {
  const Json blind{{"blind_from_us", 1'000'000u}, {"blind_to_us", 3'500'400u}, {"cause", "pause"}};
  CHECK(describe(event("fleet.blind", blind)) == "blind for 2.5s (pause)");
  CHECK(describe(event("broker.started", {{"broker_run", 7u}})) == "broker run 7");
  CHECK(describe(event("broker.started", {{"broker_run", 7u}, {"blind_from_us", 1u}, {"blind_to_us", 2'000'001u}})) ==
        "broker run 7, blind for 2s");
  CHECK(describe(event("log.gap", {{"lost_from", 4u}, {"lost_to", 9u}})) == "the recorder lost seqs 4 to 9");
  CHECK(describe(event("clock.stepped", {{"step_ms", -1500}})) == "the wall clock stepped by -1500ms");
}

TEST_CASE("an event that is not yet on disk says that it is provisional", "[cli]") {
  CHECK(event_line(event("agent.ready", {{"run", 0u}, {"provisional", true}}), {}, true) ==
        "22:13:31.120  agent.ready        web-1          first beat (provisional)");
}

TEST_CASE("the broker's refusal does not speak of items", "[cli]") {
  const auto refused = to_base(lifesign::Error{lifesign::Code::invalid_value, "item 0: schedule: no minute"});
  CHECK(refused.code == lifesign::base::Code::invalid_value);
  CHECK(refused.message == "schedule: no minute");
  CHECK(to_base(lifesign::Error{lifesign::Code::invalid_value, "grace: 0"}).message == "grace: 0");
}

TEST_CASE("a number below zero is refused before it is read as a huge one", "[cli]") {
  for (std::string fine : {"0", "3", "18446744073709551615"}) CHECK(not_negative()(fine).empty());
  for (std::string wrong : {"-3", "-0", " -1"}) CHECK(contains(not_negative()(wrong), "must be 0 or more"));
}

TEST_CASE("every event type has a line, with whatever fields it comes", "[cli]") {
  for (auto type : lifesign::wire::events::all) {
    const auto line = event_line(event(std::string(type).c_str(), Json::object()), {}, false);
    CHECK(contains(line, type));
    CHECK(line.find('\n') == std::string::npos);
  }
}

TEST_CASE("details that do not fit beside an event go on in the next row", "[cli]") {
  const auto line =
      event_line(event("agent.stopped", {{"reason", std::string(60, 'r')}}), {.colour = false, .width = 80}, false);
  CHECK(contains(line, "web-1         \n   "));
}

TEST_CASE("text that an agent chose cannot move the cursor", "[cli]") {
  const auto line = event_line(event("agent.stopped", {{"reason", "\x1b[2J\n"}}), {}, false);
  CHECK(line.find('\x1b') == std::string::npos);
  CHECK(line.find('\n') == std::string::npos);
}

TEST_CASE("an agent's status tells why and whether it is stalled", "[cli]") {
  CHECK(status_cell({{"status", "active"}}).text == "active");
  CHECK(status_cell({{"status", "active"}, {"stalled", true}}).text == "active, stalled");
  CHECK(status_cell({{"status", "offline"}, {"cause", "silent"}, {"stalled", false}}).text == "offline (silent)");
  CHECK(status_cell({{"status", "active"}, {"cause", nullptr}}).text == "active");
}

TEST_CASE("how long ago is told in round numbers", "[cli]") {
  const auto now = std::chrono::seconds(1'000'000);
  auto at = [&](auto before) { return static_cast<std::uint64_t>(std::chrono::microseconds(now - before).count()); };
  CHECK(ago(at(1234ms), now) == "1.2s ago");
  CHECK(ago(at(61'900ms), now) == "1m1s ago");
  CHECK(ago(at(-5s), now) == "now");
  CHECK(ago(0, now).empty());
}

TEST_CASE("an agent's card holds what is known and leaves out what is not", "[cli]") {
  const auto card = agent_card({{"agent_id", "web-1"},
                                {"status", "active"},
                                {"interval_ms", 30'000u},
                                {"grace_ms", 7'500u},
                                {"missed_limit", 2u},
                                {"task", nullptr},
                                {"labels", {{"host", "a"}}}},
                               1s, {});
  CHECK(contains(card, "promise       every 30s, grace 7.5s, offline after 2 missed\n"));
  CHECK(contains(card, "labels        host=a\n"));
  CHECK_FALSE(contains(card, "task"));
}

TEST_CASE("a schedule is shown with the zone that it is meant in", "[cli]") {
  Json agent{{"agent_id", "nightly"}, {"status", "expected"}, {"schedule", "0 3 * * *"}, {"time_zone", ""}};
  CHECK(contains(agent_card(agent, 1s, {}), "schedule      0 3 * * * (UTC)\n"));
  agent.erase("time_zone");
  CHECK(contains(agent_card(agent, 1s, {}), "schedule      0 3 * * * (UTC)\n"));
  agent["time_zone"] = "Europe/Rome";
  CHECK(contains(agent_card(agent, 1s, {}), "schedule      0 3 * * * (Europe/Rome)\n"));
}

TEST_CASE("a card on a narrow terminal goes on in the next row and cuts nothing", "[cli]") {
  const Json agent{{"agent_id", "web-1"},
                   {"status", "active"},
                   {"created_at", "2026-11-24T23:35:36.697Z"},
                   {"created_at_us", 1'000'000u},
                   {"labels", {{"host", "a-host-of-a-long-name"}, {"zone", "b"}}},
                   {"interval_ms", 30'000u}};
  const auto card = agent_card(agent, 3s, {.colour = false, .width = 40});
  CHECK(contains(card, "first seen    2026-11-24T23:35:36.697Z\n              (2s ago)\n"));
  CHECK(contains(card, "labels        host=a-host-of-a-long-name\n              zone=b\n"));
  CHECK_FALSE(contains(card, "…"));
}

TEST_CASE("fields of another type than promised are as if they were not there", "[cli]") {
  const auto timeout = event("agent.recovered", {{"provisional", "yes"}, {"outage_ms", ~0ull}});
  CHECK(contains(event_line(timeout, {}, false), "back after"));
  const Json agent{{"agent_id", "web-1"}, {"stalled", 1}, {"interval_ms", ~0ull}, {"last_heartbeat_us", ~0ull}};
  CHECK(contains(agent_card(agent, 5s, {}), "web-1"));
  const Json status{{"broker", {{"reachable", 1}}}, {"recorder", "up"}, {"services", {{"watchdog", 7}}}};
  CHECK(contains(status_text(status, {}), "not reachable"));
}

TEST_CASE("status says what does not answer, and shows the rest", "[cli]") {
  const Json status{{"broker", {{"reachable", false}, {"error", "nobody listens"}}},
                    {"recorder", {{"reachable", true}, {"recorded", 41u}, {"commits", 7u}, {"idle", 0u}}}};
  const auto text = status_text(status, {});
  CHECK(contains(text, "broker    not reachable       nobody listens"));
  CHECK(contains(text, "recorder  up"));
  CHECK(contains(text, "commits 7"));
  CHECK_FALSE(contains(text, "idle"));
}

TEST_CASE("status counts how far each process is behind the broker", "[cli]") {
  const Json status{{"broker", {{"reachable", true}, {"broker_run", 2u}, {"next_seq", 100u}, {"recorded", 90u}}},
                    {"services", {{"watchdog", {{"counters", {{"lag_ms", 12u}, {"judging", 0u}}}, {"age_ms", 300u}}}}},
                    {"recorder", {{"reachable", true}, {"recorded", 90u}}}};
  const auto text = status_text(status, {});
  CHECK(contains(text, "9 records"));
  CHECK(contains(text, "12ms"));
  CHECK(contains(text, "not judging yet"));
  CHECK(contains(text, "reported 300ms ago"));
}

TEST_CASE("metadata keeps numbers and booleans as such", "[cli]") {
  auto packed = parse_metadata({"n=7", "x=0.5", "b=true", "s=v1.4", "e="});
  REQUIRE(packed);
  CHECK(line_of(*to_json(*packed)) == R"({"b":true,"e":"","n":7,"s":"v1.4","x":0.5})");
  CHECK_FALSE(parse_metadata({"novalue"}));
}

TEST_CASE("examples of several processes merge with shared settings once", "[cli]") {
  const std::string a = "# Settings of a.\n\n# The folder.\ndata = \"x\"\n\n[a]\n\n# Ring.\nring = 1\n";
  const std::string b =
      "# Settings of b.\n\n# The folder.\ndata = \"x\"\n\n# Port.\nport = 1\n\n[b]\n\n# Data.\ndata = 2\n";
  const auto merged = merge_examples({a, b});
  CHECK(contains(
      merged,
      "\n# The folder.\ndata = \"x\"\n\n# Port.\nport = 1\n\n[a]\n\n# Ring.\nring = 1\n\n[b]\n\n# Data.\ndata = 2\n"));
  CHECK(merged.find("data = \"x\"") == merged.rfind("data = \"x\""));
}
