// Subscribers that ask for too much, end what they never began, or do not read.
#include <atomic>
#include <catch2/catch.hpp>
#include <thread>

#include "process/bad_input.h"
#include "support/raw_peer.h"
#include "wire/limits.h"
#include "wire/log.h"

using namespace lifesign;
using namespace lifesign::tests;
using namespace std::chrono_literals;
using wire::Writer;

namespace {

Subscriber beats_of(const Ordeal& ordeal, std::vector<std::string> agents) {
  return Subscriber({.events_endpoint = ordeal.endpoint("events"),
                     .query_endpoint = ordeal.endpoint("query"),
                     .types = {"heartbeat.received"},
                     .agent_ids = std::move(agents)});
}

// The next item that is an event; fails the test when none comes.
Event next_event(Subscriber& subscriber) {
  std::optional<Event> out;
  REQUIRE(eventually([&] {
    auto item = subscriber.next(200ms);
    REQUIRE(item.ok());
    if (!*item || !std::holds_alternative<Event>(**item)) return false;
    out = std::get<Event>(**item);
    return true;
  }));
  return *out;
}

void send_beats(Dealer& dealer, std::size_t messages) {
  const std::string body = pack([](Writer& w) {
    w.array(wire::limits::beats_per_message);
    for (std::size_t i = 0; i < wire::limits::beats_per_message; ++i) w.array(1).text("many");
  });
  for (std::size_t i = 0; i < messages; ++i)
    // Sequence numbers may run short for a moment: then it is overloaded, and what was refused has none.
    REQUIRE(eventually([&] {
      return ask_ingest(dealer, {ingest_header(wire::Kind::beats), body}).code == "received";
    }));
}

// Reads beats until `last` of them came; how many did, and how many gaps were told.
struct Tally {
  std::uint64_t events = 0, gaps = 0;
  bool in_order = true;
};
Tally read_all(Subscriber& subscriber, const std::atomic<std::uint64_t>& last) {
  Tally tally;
  std::uint64_t seq = 0;
  (void)eventually([&] {
    for (int i = 0; i < 10'000; ++i) {
      auto item = subscriber.next(20ms);
      if (!item.ok() || !*item) break;
      if (const auto* event = std::get_if<Event>(&**item)) {
        tally.events += event->agent_id == "many";
        tally.in_order = tally.in_order && event->seq > seq;
        seq = event->seq;
      } else {
        ++tally.gaps;
        seq = std::get<Gap>(**item).until;
      }
    }
    return last != 0 && seq >= last;
  });
  return tally;
}

}  // namespace

TEST_CASE("who subscribes to topics without end is cut off, and other subscriptions stand", "[process][bad]") {
  Ordeal ordeal("bad-topics");
  Subscriber subscriber = beats_of(ordeal, {"bystander"});
  next_event(subscriber);
  // As many agents as one may watch, and the longest ids there are.
  std::vector<std::string> agents{"bystander"};
  while (agents.size() < wire::limits::beat_topics)
    agents.push_back(std::to_string(agents.size()).append(wire::limits::agent_id_bytes - 6, 'x'));
  Subscriber greatest = beats_of(ordeal, agents);
  CHECK(eventually([&] {
    next_event(greatest);
    return greatest.stats().last_tick != 0;  // that subscription went out with the others
  }));
  CHECK(ordeal.of_broker("subscribers_cut") == 0);
  for (const std::size_t length : {std::size_t{8}, wire::limits::topic_bytes - 20}) {
    RawPeer hog(ordeal.endpoint("events"));
    REQUIRE(hog.shake_hands("SUB"));
    bool taken = true;
    std::uint64_t topics = 0;
    for (std::string many; taken && topics < 300'000; many.clear()) {
      for (int i = 0; i < 1000; ++i, ++topics)
        many += RawPeer::frame("\1" + std::to_string(topics * 7919) + std::string(length, 'x'));
      taken = hog.send(many);
    }
    INFO(topics << " topics");
    CHECK_FALSE(taken);
    ordeal.check_unharmed();
  }
  CHECK(ordeal.of_broker("subscribers_cut") == 2);
  CHECK(eventually([&] { return ordeal.of_broker("subscriptions") < wire::limits::topics_per_subscriber; }));
  next_event(greatest);
  next_event(subscriber);
  next_event(subscriber);
}

TEST_CASE("a topic too long, and what is no subscription, end their connection", "[process][bad]") {
  Ordeal ordeal("bad-topic");
  std::uint64_t cut = 0;
  for (const std::string& frame : {std::string("\1") + std::string(wire::limits::topic_bytes + 1, 'x'),
                                   std::string("\2x"), std::string("x"), std::string()}) {
    RawPeer peer(ordeal.endpoint("events"));
    REQUIRE(peer.shake_hands("SUB"));
    REQUIRE(peer.send(RawPeer::frame(frame)));
    CHECK(peer.is_closed_within(10s));
    CHECK(eventually([&] { return ordeal.of_broker("subscribers_cut") == cut + 1; }));
    ++cut;
  }
  // A message whose second frame XPUB takes for itself is not whole when it is read.
  RawPeer peer(ordeal.endpoint("events"));
  REQUIRE(peer.shake_hands("SUB"));
  REQUIRE(peer.send(RawPeer::frame("\1same") + RawPeer::frame("x", true) + RawPeer::frame("\1same")));
  CHECK(peer.is_closed_within(10s));
  ordeal.check_unharmed();
}

TEST_CASE("who ends a subscription that was never its own silences nobody", "[process][bad]") {
  Ordeal ordeal("bad-end");
  Subscriber subscriber = beats_of(ordeal, {"bystander"});
  next_event(subscriber);
  const std::string topic = "heartbeat.received/bystander/";
  RawPeer peer(ordeal.endpoint("events"));
  REQUIRE(peer.shake_hands("SUB"));
  std::string ends;
  for (int i = 0; i < 10; ++i) ends += RawPeer::frame(std::string(1, '\0') + topic);
  // Also one that is begun twice and ended twice.
  for (const char sign : {'\1', '\1', '\0', '\0'}) ends += RawPeer::frame(std::string(1, sign) + topic);
  const std::uint64_t subscriptions = ordeal.of_broker("subscriptions");
  REQUIRE(peer.send(ends + RawPeer::frame("\1last/")));
  REQUIRE(eventually([&] { return ordeal.of_broker("subscriptions") == subscriptions + 1; }));
  for (int i = 0; i < 3; ++i) next_event(subscriber);
}

TEST_CASE("a subscriber that does not read holds up nobody, and is told what it missed", "[process][bad]") {
  constexpr std::size_t messages = 50;
  Ordeal ordeal("slow-subscriber");
  Subscriber slow = beats_of(ordeal, {}), quick = beats_of(ordeal, {});
  next_event(slow);
  next_event(quick);
  RawPeer deaf(ordeal.endpoint("events"));
  REQUIRE(deaf.shake_hands("SUB"));
  REQUIRE(deaf.send(RawPeer::frame("\1")));
  std::atomic<std::uint64_t> last = 0;
  Tally quick_tally;
  std::thread reader([&] { quick_tally = read_all(quick, last); });
  Dealer dealer(ordeal.endpoint("ingest"));
  send_beats(dealer, messages);
  last = ordeal.of_broker("next_seq") - 1;
  ordeal.check_unharmed();
  reader.join();
  constexpr std::uint64_t all = messages * wire::limits::beats_per_message;
  CHECK(quick_tally.events == all);
  CHECK(quick_tally.gaps == 0);
  CHECK(quick_tally.in_order);
  const Tally slow_tally = read_all(slow, last);
  CHECK(slow.stats().gaps > 0);
  CHECK(slow_tally.events == all);
  CHECK(slow_tally.in_order);
  ordeal.check_unharmed();
}

TEST_CASE("a consumer of the log that never reads costs no more than its credit", "[process][bad]") {
  Ordeal ordeal("slow-log");
  Dealer consumer(ordeal.endpoint("log"));
  consumer.send({wire::write_log_request({.value = 0, .token = ordeal.system().token(), .role = "deaf"})});
  RawPeer deaf(ordeal.endpoint("log"));
  REQUIRE(deaf.shake_hands("DEALER"));
  REQUIRE(deaf.send(RawPeer::frame(wire::write_log_request(
      {.value = 0, .token = ordeal.system().token(), .role = "deaf", .credit = ~std::uint64_t{0}}))));
  REQUIRE(eventually([&] { return ordeal.of_broker("log_sessions") == 4; }));
  Dealer dealer(ordeal.endpoint("ingest"));
  send_beats(dealer, 500);  // some 25 MB of log
  ordeal.check_unharmed();
}
