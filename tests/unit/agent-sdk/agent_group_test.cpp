#include "lifesign/agent_group.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

#include "agent-sdk/beat_loop.h"
#include "fake_server.h"

namespace lifesign {
namespace {

using namespace std::chrono_literals;
using test::FakeBroker;
using test::Seen;
using test::until;

std::unique_ptr<AgentGroup> start(const std::string& endpoint) {
  auto group = AgentGroup::start({.endpoint = endpoint});
  REQUIRE(group.ok());
  return std::move(group).value();
}

TEST_CASE("many agents beat over one socket, many in one message", "[group]") {
  FakeBroker broker;
  auto group = start("tcp://127.0.0.1:9");
  group = start(broker.endpoint());
  until([&] { return group->stats().connected; });
  for (int i = 0; i < 1'000; ++i) REQUIRE(group->add({.id = "dev-" + std::to_string(i), .interval = 1h}).ok());
  const auto seen = broker.wait([](const auto& all) { return FakeBroker::beats(all).size() >= 1'000; });
  std::set<std::string> ids;
  for (const auto& beat : FakeBroker::beats(seen)) ids.insert(beat.id);
  CHECK(ids.size() == 1'000);
  CHECK(seen.size() < 1'000);
  CHECK(group->size() == 1'000);
  until([&] { return group->stats().acknowledged == 1'000; });
}

TEST_CASE("each agent of a group has its own interval, run and count", "[group]") {
  FakeBroker broker;
  auto group = start(broker.endpoint());
  REQUIRE(group->add({.id = "quick", .interval = 10ms}).ok());
  REQUIRE(group->add({.id = "slow", .interval = 1h}).ok());
  const auto of = [](const std::vector<Seen>& all, const std::string& id) {
    std::vector<Seen::Beat> out;
    for (const auto kind : {wire::Kind::beats, wire::Kind::backfill})
      for (const auto& beat : FakeBroker::beats(all, kind))
        if (beat.id == id) out.push_back(beat);
    return out;
  };
  const auto seen =
      broker.wait([&](const auto& all) { return of(all, "quick").size() >= 5 && !of(all, "slow").empty(); });
  std::uint64_t highest = 0;  // what was resent as backfill stands behind it
  for (const auto& beat : of(seen, "quick")) highest = std::max(highest, beat.run_seq);
  CHECK(highest >= 5);
  CHECK(of(seen, "slow").back().run != of(seen, "quick").back().run);
}

TEST_CASE("a handle steers its agent until it is removed", "[group]") {
  FakeBroker broker;
  auto group = start(broker.endpoint());
  Registration registration;
  registration.name = "Device";
  const auto handle = group->add({.id = "dev", .interval = 1h, .registration = registration});
  REQUIRE(handle.ok());
  CHECK(group->add({.id = "dev"}).error().code == Code::busy);
  CHECK(group->add({.id = "a/b"}).error().code == Code::invalid_agent_id);
  REQUIRE(group->activity(*handle, "busy").ok());
  REQUIRE(group->progress(*handle, 5).ok());
  REQUIRE(group->beat(*handle).ok());
  broker.wait([](const auto& all) {
    const auto beats = FakeBroker::beats(all);
    return !beats.empty() && beats.back().activity == "busy" && beats.back().progress == 5;
  });
  until([&] { return group->stats().registered; });
  REQUIRE(group->goodbye(*handle, "done").ok());
  CHECK(group->beat(*handle).error().code == Code::not_found);
  CHECK(group->remove(*handle).error().code == Code::not_found);
  broker.wait([](const auto& all) { return all.back().kind == wire::Kind::goodbye; });
  CHECK(group->size() == 0);
  CHECK(group->add({.id = "dev"}).ok());
}

TEST_CASE("after a reconnect everybody of the group beats at once", "[group]") {
  FakeBroker broker;
  auto group = start(broker.endpoint());
  for (int i = 0; i < 50; ++i) REQUIRE(group->add({.id = "dev-" + std::to_string(i), .interval = 1s}).ok());
  until([&] { return group->stats().acknowledged >= 50; });
  broker.go_away();
  until([&] { return !group->stats().connected; });
  broker.come_back();
  until([&] { return group->stats().connects == 2 && group->stats().spooled == 0; });
  std::map<std::string, std::uint64_t> newest;
  const auto seen = broker.wait([&](const auto& all) {
    for (const auto& beat : FakeBroker::beats(all)) newest[beat.id] = std::max(newest[beat.id], beat.run_seq);
    return newest.size() == 50 &&
           std::all_of(newest.begin(), newest.end(), [](const auto& n) { return n.second >= 2; });
  });
  CHECK(!seen.empty());
}

TEST_CASE("a group takes no more agents than it can keep a beat of", "[group]") {
  auto group = AgentGroup::start({.endpoint = "tcp://127.0.0.1:9", .spool_messages = 2});
  REQUIRE(group.ok());
  REQUIRE((*group)->add({.id = "a"}).ok());
  const auto b = (*group)->add({.id = "b"});
  REQUIRE(b.ok());
  CHECK((*group)->add({.id = "c"}).error().code == Code::queue_full);
  REQUIRE((*group)->remove(*b).ok());
  CHECK((*group)->add({.id = "c"}).ok());
}

// The ids in all goodbyes.
std::set<std::string> goodbyes(const std::vector<Seen>& seen) {
  std::set<std::string> out;
  for (const Seen& s : seen) {
    if (s.kind != wire::Kind::goodbye) continue;
    wire::Reader reader(s.body);
    std::uint32_t count = 0;
    REQUIRE(reader.array(count));
    for (wire::Goodbye goodbye; count > 0; --count) {
      REQUIRE(wire::read_goodbye(reader, goodbye).ok());
      out.insert(std::string(goodbye.agent_id));
    }
  }
  return out;
}

TEST_CASE("goodbyes of many agents leave before their group is gone", "[group]") {
  FakeBroker broker;
  broker.answer_with([](const Seen& seen) {
    // So that the most wait for an answer when the group ends.
    if (seen.kind == wire::Kind::goodbye) std::this_thread::sleep_for(50ms);
    return "";
  });
  auto started = AgentGroup::start({.endpoint = broker.endpoint(), .linger = 20s});
  REQUIRE(started.ok());
  auto group = std::move(started).value();
  std::vector<AgentGroup::Handle> handles;
  for (int i = 0; i < 1'000; ++i)
    handles.push_back(
        group->add({.id = "dev-" + std::to_string(i), .interval = 1h, .registration = Registration{}}).value());
  until([&] { return group->stats().acknowledged == 1'000; });
  for (const auto handle : handles) REQUIRE(group->goodbye(handle, "done").ok());
  const auto begin = std::chrono::steady_clock::now();
  group.reset();
  CHECK(std::chrono::steady_clock::now() - begin < 15s);  // it does not wait for longer than there is something to do
  CHECK(goodbyes(broker.wait([](const auto&) { return true; })).size() == 1'000);
}

TEST_CASE("a broker that answers nothing holds up the end of a group for the linger and no longer", "[group]") {
  FakeBroker broker;
  broker.answer_with([](const Seen&) { return "silence"; });
  auto started = AgentGroup::start({.endpoint = broker.endpoint(), .linger = 100ms});
  REQUIRE(started.ok());
  auto group = std::move(started).value();
  until([&] { return group->stats().connected; });
  REQUIRE(group->goodbye(group->add({.id = "dev"}).value(), "").ok());
  const auto begin = std::chrono::steady_clock::now();
  group.reset();
  const auto took = std::chrono::steady_clock::now() - begin;
  CHECK(took >= 90ms);
  CHECK(took < 10s);
}

TEST_CASE("a group that nobody answers ends at once, whatever its linger", "[group]") {
  auto started = AgentGroup::start({.endpoint = "tcp://127.0.0.1:9", .linger = 60s});
  REQUIRE(started.ok());
  auto group = std::move(started).value();
  REQUIRE(group->goodbye(group->add({.id = "dev", .registration = Registration{}}).value(), "").ok());
  const auto begin = std::chrono::steady_clock::now();
  group.reset();
  CHECK(std::chrono::steady_clock::now() - begin < 30s);
}

TEST_CASE("agents that come and go while the broker is away pile up nothing", "[group]") {
  sdk::LoopOptions options;
  options.endpoint = "tcp://127.0.0.1:9";
  options.requests = 8;
  auto loop = sdk::BeatLoop::start(options).value();
  const auto add = [&](int i) { return loop->add("dev-" + std::to_string(i), 1h, Registration{}, true); };

  for (int i = 0; i < 100; ++i) {
    auto handle = add(i);
    until([&] { return handle.ok() || (handle = add(i)).ok(); });  // full for the moment that the thread needs
    REQUIRE(loop->remove(*handle).ok());
  }

  // Registrations of agents that are there, and goodbyes, have a bound, wherever they wait.
  std::vector<std::uint64_t> handles;
  until([&] {
    const auto handle = add(100 + static_cast<int>(handles.size()));
    if (handle.ok()) handles.push_back(*handle);
    return handles.size() == 8;
  });
  for (int i = 0; i < 50; ++i) {
    const auto handle = add(200);
    REQUIRE_FALSE(handle.ok());
    CHECK(handle.error().code == Code::queue_full);
    std::this_thread::sleep_for(1ms);
  }
  const std::uint64_t plain = loop->add("plain", 1h, std::nullopt, true).value();
  for (const auto handle : handles) REQUIRE(loop->goodbye(handle, "", true, {}).ok());
  for (int i = 0; i < 50; ++i) {
    const Status status = loop->goodbye(plain, "", true, {});
    REQUIRE_FALSE(status.ok());
    CHECK(status.error().code == Code::queue_full);
    std::this_thread::sleep_for(1ms);
  }
  CHECK(loop->beat(plain, {}).ok());  // it is there still
}

TEST_CASE("one bad registration does not keep the others from being recorded", "[group]") {
  FakeBroker broker;
  broker.answer_with([](const Seen& seen) -> std::string {
    return seen.kind == wire::Kind::registration && seen.body.find("bad") != std::string::npos ? "invalid_value" : "";
  });
  auto group = start(broker.endpoint());
  Registration registration;
  for (const char* id : {"good-1", "bad", "good-2"})
    REQUIRE(group->add({.id = id, .interval = 1h, .registration = registration}).ok());
  broker.wait([](const auto& all) {
    std::size_t alone = 0;
    for (const Seen& s : all)
      alone += s.kind == wire::Kind::registration &&
               (s.body.find("good-1") != std::string::npos || s.body.find("good-2") != std::string::npos) &&
               s.body.find("bad") == std::string::npos;
    return alone == 2;
  });
}

}  // namespace
}  // namespace lifesign
