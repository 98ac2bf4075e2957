// The gap logic with hand-written streams. What comes out is written as text: "timeout@7" an event by its seq,
// "gap(5,7]" a gap that could not be filled.
#include "agent-sdk/subscription.h"

#include <catch2/catch.hpp>
#include <string>

#include "wire/event.h"

namespace lifesign::sdk {
namespace {

Incoming timeout(std::uint64_t seq, std::uint64_t prev, std::string agent = "web-1") {
  Incoming out;
  out.event.type = "agent.timeout";
  out.event.seq = seq;
  out.event.agent_id = std::move(agent);
  out.prev = prev;
  return out;
}

Incoming recovered(std::uint64_t seq, std::uint64_t prev, std::string agent = "web-1") {
  Incoming out = timeout(seq, prev, std::move(agent));
  out.event.type = "agent.recovered";
  return out;
}

Incoming beat(std::uint64_t seq, std::uint64_t run, std::uint64_t run_seq, std::string agent = "web-1") {
  Incoming out = timeout(seq, 0, std::move(agent));
  out.event.type = "heartbeat.received";
  out.run = run;
  out.run_seq = run_seq;
  return out;
}

Incoming keyed(Incoming incoming, std::string key) {
  incoming.key = std::move(key);
  return incoming;
}

Tick tick(std::uint64_t run, std::uint64_t seq, std::map<std::string, std::uint64_t, std::less<>> last) {
  return {seq, seq, run, std::move(last)};
}

Subscription::Options options(std::vector<std::string> types = {"agent.recovered", "agent.timeout"},
                              std::optional<std::uint64_t> since = {}) {
  Subscription::Options out;
  out.types = std::move(types);
  out.since = since;
  return out;
}

std::string taken(Subscription& s) {
  std::string out;
  while (s.has_items()) {
    const Item item = s.pop();
    if (!out.empty()) out += ' ';
    if (const auto* event = std::get_if<Event>(&item)) {
      out += event->type.substr(event->type.find('.') + 1) + "@" + std::to_string(event->seq);
    } else {
      const Gap& gap = std::get<Gap>(item);
      out += "gap(" + std::to_string(gap.since) + "," + std::to_string(gap.until) + "]";
    }
  }
  return out;
}

std::string wanted(const Subscription& s) {
  const auto* fill = s.fill();
  if (fill == nullptr) return "";
  std::string out;
  for (const std::string& type : fill->types) out += type + " ";
  if (!fill->agent_id.empty()) out += "of " + fill->agent_id + " ";
  return out + "(" + std::to_string(fill->since) + "," + std::to_string(fill->until) + "]";
}

// Live from the first tick on, with one timeout published before.
Subscription live() {
  Subscription s(options());
  s.on_tick(tick(1, 10, {{"agent.timeout", 5}}));
  REQUIRE(s.fill() == nullptr);
  return s;
}

TEST_CASE("whole types are subscribed, and ticks", "[subscription]") {
  Subscription s(options());
  CHECK(s.topics() == std::vector<std::string>{"tick//", "agent.recovered/", "agent.timeout/"});
}

TEST_CASE("events that follow each other are delivered as they come", "[subscription]") {
  Subscription s = live();
  s.on_event(timeout(12, 5));
  s.on_event(recovered(13, 0));
  s.on_event(timeout(14, 12));
  CHECK(taken(s) == "timeout@12 recovered@13 timeout@14");
  CHECK(s.fill() == nullptr);
}

TEST_CASE("prev shows a loss; it is fetched before anything later is delivered", "[subscription]") {
  Subscription s = live();
  s.on_event(timeout(20, 15));
  s.on_event(recovered(21, 0));
  CHECK(taken(s) == "");
  CHECK(wanted(s) == "agent.timeout (5,15]");
  CHECK(s.on_page({timeout(12, 5), timeout(15, 12)}, {}, 30));
  CHECK(taken(s) == "timeout@12 timeout@15 timeout@20 recovered@21");
  CHECK(s.fill() == nullptr);
  CHECK(s.stats().gaps == 1);
  CHECK(s.stats().filled == 1);
  CHECK(s.stats().fetched == 2);
}

TEST_CASE("a tick shows a loss after which nothing else came", "[subscription]") {
  Subscription s = live();
  s.on_tick(tick(1, 30, {{"agent.timeout", 22}, {"agent.recovered", 24}}));
  // recovered: nothing at or below 10 is ours, since live began there
  CHECK(wanted(s) == "agent.recovered agent.timeout (5,24]");
  CHECK(s.on_page({timeout(22, 5), recovered(24, 0)}, {}, 40));
  CHECK(taken(s) == "timeout@22 recovered@24");
  s.on_event(timeout(33, 22));
  CHECK(taken(s) == "timeout@33");
}

TEST_CASE("a fill goes on over several pages, even empty ones", "[subscription]") {
  Subscription s = live();
  s.on_event(timeout(90, 80));
  CHECK(s.on_page({timeout(20, 5)}, 20, 100));
  CHECK(wanted(s) == "agent.timeout (20,80]");
  CHECK(s.on_page({}, 60, 100));
  CHECK(wanted(s) == "agent.timeout (60,80]");
  CHECK(taken(s) == "timeout@20");
  CHECK(s.on_page({timeout(80, 20)}, 85, 100));
  CHECK(taken(s) == "timeout@80 timeout@90");
}

TEST_CASE("a recorder that has not got that far is asked again", "[subscription]") {
  Subscription s = live();
  s.on_event(timeout(20, 15));
  CHECK_FALSE(s.on_page({timeout(12, 5)}, {}, 13));
  CHECK(taken(s) == "timeout@12");
  CHECK(wanted(s) == "agent.timeout (5,15]");
  CHECK(s.on_page({timeout(12, 5), timeout(15, 12)}, {}, 15));
  CHECK(taken(s) == "timeout@15 timeout@20");
}

TEST_CASE("a gap that cannot be filled is said, and live goes on", "[subscription]") {
  Subscription s = live();
  s.on_event(timeout(20, 15));
  s.on_event(timeout(25, 20));
  s.on_fill_failed({Code::timed_out, "no recorder"});
  CHECK(taken(s) == "gap(5,15] timeout@20 timeout@25");
  s.on_event(timeout(26, 25));
  CHECK(taken(s) == "timeout@26");
}

TEST_CASE("a gap that is filled in part is said only for the rest", "[subscription]") {
  Subscription s = live();
  s.on_event(timeout(90, 80));
  CHECK(s.on_page({timeout(20, 5)}, 50, 100));
  s.on_fill_failed({Code::timed_out, "no recorder"});
  CHECK(taken(s) == "timeout@20 gap(50,80] timeout@90");
}

TEST_CASE("the same seq is delivered once", "[subscription]") {
  Subscription s = live();
  s.on_event(timeout(12, 5));
  s.on_event(timeout(12, 5));
  CHECK(taken(s) == "timeout@12");
  CHECK(s.stats().repeats == 1);
}

TEST_CASE("the same verdict under another seq is delivered once", "[subscription]") {
  Subscription s = live();
  s.on_event(keyed(timeout(12, 5), "k1"));
  s.on_event(keyed(timeout(13, 12), "k1"));
  s.on_event(keyed(timeout(14, 13), "k2"));
  CHECK(taken(s) == "timeout@12 timeout@14");
  CHECK(s.stats().repeats == 1);
}

TEST_CASE("verdict keys are remembered in a bounded window", "[subscription]") {
  auto narrow = options();
  narrow.repeat_window = 2;
  Subscription s(narrow);
  s.on_tick(tick(1, 10, {}));
  s.on_event(keyed(timeout(11, 0), "k1"));
  s.on_event(keyed(timeout(12, 11), "k2"));
  s.on_event(keyed(timeout(13, 12), "k3"));
  s.on_event(keyed(timeout(14, 13), "k1"));
  CHECK(taken(s) == "timeout@11 timeout@12 timeout@13 timeout@14");
}

TEST_CASE("a provisional verdict that is published again after a restart is delivered once, marked", "[subscription]") {
  Subscription s = live();
  Incoming first = keyed(timeout(12, 5), "k1");
  first.event.provisional = true;
  s.on_event(first);
  REQUIRE(s.has_items());
  CHECK(std::get<Event>(s.pop()).provisional);
  // The broker died with it; the watchdog's fold gives the same verdict again, in the new run.
  s.on_connection_lost();
  s.on_tick(tick(2, 1'000, {}));
  CHECK(s.on_page({}, {}, 1'000));
  s.on_event(keyed(timeout(1'005, 0), "k1"));
  CHECK(taken(s) == "");
}

TEST_CASE("a broker restart: what the old run published last is fetched", "[subscription]") {
  Subscription s = live();
  s.on_event(timeout(12, 5));
  CHECK(taken(s) == "timeout@12");
  s.on_connection_lost();
  s.on_tick(tick(2, 1'000, {}));
  CHECK(wanted(s) == "agent.recovered agent.timeout (10,1000]");
  CHECK(s.on_page({timeout(14, 12), recovered(15, 0)}, {}, 1'000));
  s.on_event(timeout(1'001, 0));
  CHECK(taken(s) == "timeout@14 recovered@15 timeout@1001");
}

TEST_CASE("a broker restart: an event that comes before the first tick is checked too", "[subscription]") {
  Subscription s = live();
  s.on_event(timeout(12, 5));
  s.on_connection_lost();
  s.on_event(timeout(1'001, 0));
  CHECK(wanted(s) == "agent.timeout (12,1000]");
  CHECK(s.on_page({timeout(14, 12)}, {}, 1'001));
  CHECK(taken(s) == "timeout@12 timeout@14 timeout@1001");
}

TEST_CASE("a broker restart shows even if the loss of the connection was not seen", "[subscription]") {
  Subscription s = live();
  s.on_event(timeout(12, 5));
  s.on_event(timeout(1'001, 0));
  CHECK(wanted(s) == "agent.timeout (12,1000]");
}

TEST_CASE("a lost connection to the same broker costs nothing but a look", "[subscription]") {
  Subscription s = live();
  s.on_connection_lost();
  s.on_tick(tick(1, 20, {{"agent.timeout", 5}}));
  CHECK(s.fill() == nullptr);
  s.on_event(recovered(21, 0));
  CHECK(taken(s) == "recovered@21");
}

TEST_CASE("without since, live begins with what comes first, and nothing older is fetched", "[subscription]") {
  Subscription s(options());
  s.on_event(timeout(8, 4));
  CHECK(taken(s) == "timeout@8");
  s.on_tick(tick(1, 10, {{"agent.timeout", 8}, {"agent.recovered", 3}}));
  CHECK(s.fill() == nullptr);
  s.on_event(recovered(11, 3));
  CHECK(taken(s) == "recovered@11");
}

TEST_CASE("with since, history comes first and live follows without a seam", "[subscription]") {
  Subscription s(options({"agent.recovered", "agent.timeout"}, 4));
  s.on_tick(tick(1, 30, {{"agent.timeout", 28}}));
  CHECK(wanted(s) == "agent.recovered agent.timeout (4,30]");
  // Live goes on meanwhile. 29 was sequenced before the tick and published after it: it is in both.
  s.on_event(timeout(29, 28));
  s.on_event(timeout(31, 29));
  CHECK(s.on_page({timeout(6, 0), recovered(9, 0)}, 9, 32));
  CHECK(taken(s) == "timeout@6 recovered@9");
  CHECK(s.on_page({timeout(28, 6), timeout(29, 28)}, {}, 32));
  CHECK(taken(s) == "timeout@28 timeout@29 timeout@31");
  CHECK(s.stats().repeats == 1);
}

TEST_CASE("with since, a live event that comes before the first tick waits for history", "[subscription]") {
  Subscription s(options({"agent.timeout"}, 4));
  s.on_event(timeout(9, 7));
  CHECK(taken(s) == "");
  CHECK(wanted(s) == "agent.timeout (4,7]");
  CHECK(s.on_page({timeout(7, 0)}, {}, 9));
  CHECK(taken(s) == "timeout@7 timeout@9");
}

TEST_CASE("with since, what is live before the first tick may be the first of another broker run", "[subscription]") {
  Subscription s(options({"agent.timeout"}, 4));
  s.on_event(timeout(1001, 0));
  CHECK(taken(s) == "");
  CHECK(wanted(s) == "agent.timeout (4,1000]");
  CHECK(s.on_page({timeout(7, 4)}, {}, 1001));
  CHECK(taken(s) == "timeout@7 timeout@1001");

  Subscription::Options one = options({"heartbeat.received"}, 4);
  one.agent_ids = {"web-1"};
  Subscription beats(one);
  beats.on_event(beat(1001, 7, 9));
  CHECK(taken(beats) == "");
  CHECK(wanted(beats) == "heartbeat.received of web-1 (4,1000]");
}

TEST_CASE("with since and no recorder, the history is a gap and live goes on, with nothing held back",
          "[subscription]") {
  Subscription s(options({"agent.timeout"}, 4));
  s.on_tick(tick(1, 30, {{"agent.timeout", 28}}));
  s.on_event(timeout(29, 28));
  s.on_fill_failed({Code::timed_out, "no recorder"});
  CHECK(taken(s) == "gap(4,30] timeout@29");
}

TEST_CASE("live messages are held up to a bound; what is lost past it is fetched", "[subscription]") {
  auto narrow = options({"agent.timeout"});
  narrow.held_messages = 2;
  Subscription s(narrow);
  s.on_tick(tick(1, 10, {{"agent.timeout", 5}}));
  s.on_event(timeout(20, 15));  // held: it waits for (5, 15]
  CHECK(s.can_take());
  s.on_event(timeout(21, 20));
  CHECK_FALSE(s.can_take());
  s.on_event(timeout(22, 21));  // over the bound
  CHECK(s.on_page({timeout(15, 5)}, {}, 30));
  CHECK(taken(s) == "timeout@15 timeout@20 timeout@21");
  s.on_event(timeout(23, 22));
  CHECK(wanted(s) == "agent.timeout (21,22]");
  CHECK(s.on_page({timeout(22, 21)}, {}, 30));
  CHECK(taken(s) == "timeout@22 timeout@23");
}

TEST_CASE("a second gap behind the first is filled in its turn", "[subscription]") {
  Subscription s = live();
  s.on_event(timeout(20, 15));
  s.on_event(timeout(30, 25));
  s.on_event(timeout(31, 30));
  CHECK(s.on_page({timeout(15, 5)}, {}, 40));
  CHECK(taken(s) == "timeout@15 timeout@20");
  CHECK(wanted(s) == "agent.timeout (20,25]");
  CHECK(s.on_page({timeout(25, 20)}, {}, 40));
  CHECK(taken(s) == "timeout@25 timeout@30 timeout@31");
}

TEST_CASE("other agents' events count for gaps but are not delivered", "[subscription]") {
  auto one = options({"agent.timeout"});
  one.agent_ids = {"web-1"};
  Subscription s(one);
  CHECK(s.topics() == std::vector<std::string>{"tick//", "agent.timeout/"});
  s.on_tick(tick(1, 10, {}));
  s.on_event(timeout(11, 0, "web-10"));
  s.on_event(timeout(12, 11, "web-1"));
  CHECK(s.fill() == nullptr);
  CHECK(taken(s) == "timeout@12");
}

TEST_CASE("one agent's beats are subscribed alone and checked by run_seq", "[subscription]") {
  auto one = options({"heartbeat.received"});
  one.agent_ids = {"web-1"};
  Subscription s(one);
  CHECK(s.topics() == std::vector<std::string>{"tick//", "heartbeat.received/web-1/"});
  s.on_tick(tick(1, 10, {{"heartbeat.received", 10}}));
  s.on_event(beat(20, 7, 1));
  s.on_event(beat(30, 7, 2));
  CHECK(taken(s) == "received@20 received@30");
  s.on_event(beat(60, 7, 5));
  CHECK(wanted(s) == "heartbeat.received of web-1 (30,59]");
  CHECK(s.on_page({beat(40, 7, 3), beat(50, 7, 4)}, {}, 60));
  CHECK(taken(s) == "received@40 received@50 received@60");
}

TEST_CASE("a new run's beats start at 1; later ones show a loss", "[subscription]") {
  auto one = options({"heartbeat.received"});
  one.agent_ids = {"web-1"};
  Subscription s(one);
  s.on_event(beat(20, 7, 41));
  s.on_event(beat(30, 8, 1));
  CHECK(taken(s) == "received@20 received@30");
  s.on_event(beat(60, 9, 3));
  CHECK(wanted(s) == "heartbeat.received of web-1 (30,59]");
  CHECK(s.on_page({}, {}, 60));  // the recorder has none: there were none
  CHECK(taken(s) == "received@60");
}

TEST_CASE("with since, one agent's beats come from history first", "[subscription]") {
  auto one = options({"heartbeat.received"}, 0);
  one.agent_ids = {"web-1"};
  Subscription s(one);
  s.on_tick(tick(1, 30, {}));
  CHECK(wanted(s) == "heartbeat.received of web-1 (0,30]");
  s.on_event(beat(31, 7, 3));
  CHECK(s.on_page({beat(10, 7, 1), beat(20, 7, 2)}, {}, 31));
  CHECK(taken(s) == "received@10 received@20 received@31");
  CHECK(s.fill() == nullptr);
}

TEST_CASE("ticks and events are read from their maps", "[subscription]") {
  std::string packed;
  wire::Writer(packed).map(5).field("type", std::string_view("tick")).field("seq", std::uint64_t{9});
  wire::Writer(packed).field("recorded", std::uint64_t{8}).field("broker_run", std::uint64_t{2});
  wire::Writer(packed).text("last").map(1).field("agent.timeout", std::uint64_t{5});
  const auto read = read_tick(*Value::parse(packed));
  REQUIRE(read);
  CHECK(read->seq == 9);
  CHECK(read->recorded == 8);
  CHECK(read->broker_run == 2);
  CHECK(read->last.at("agent.timeout") == 5);
  CHECK_FALSE(read_incoming(Value()));

  std::string bare;
  wire::Writer(bare).map(7).field("type", std::string_view("agent.timeout")).field("agent_id", std::string_view("a"));
  wire::Writer(bare).field("seq", std::uint64_t{3}).field("evidence_seq", std::uint64_t{1});
  wire::Writer(bare)
      .field("ordinal", std::uint64_t{2})
      .field("as_of", std::uint64_t{2})
      .field("decided", std::uint64_t{1});
  const auto verdict = read_incoming(*Value::parse(bare));
  REQUIRE(verdict);
  CHECK(verdict->event.seq == 3);
  CHECK_FALSE(verdict->key.empty());
}

}  // namespace
}  // namespace lifesign::sdk
