#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <set>

#include "fake_server.h"
#include "lifesign/lifesign.h"
#include "wire/registration.h"

namespace lifesign {
namespace {

using namespace std::chrono_literals;
using test::FakeBroker;
using test::Seen;
using test::until;

std::unique_ptr<Agent> start(const std::string& endpoint, std::function<void(AgentOptions&)> change = {}) {
  AgentOptions options;
  options.id = "web-1";
  options.endpoint = endpoint;
  options.interval = 1h;  // so that only what a test does makes a beat
  if (change) change(options);
  auto agent = Agent::start(options);
  REQUIRE(agent.ok());
  return std::move(agent).value();
}

TEST_CASE("a recorded beat comes back with its seq and time", "[agent]") {
  FakeBroker broker;
  auto agent = start(broker.endpoint());
  const auto receipt = agent->beat_recorded(10s);
  REQUIRE(receipt.ok());
  CHECK(receipt->level == Ack::recorded);
  CHECK(receipt->seq >= 100);
  CHECK(receipt->time.time_since_epoch().count() >= 1'000'100);
  CHECK(agent->stats().acknowledged >= 1);
  CHECK(agent->stats().connected);
}

TEST_CASE("an agent registers and beats as soon as it can, with no call at all", "[agent]") {
  FakeBroker broker;
  auto agent = start(broker.endpoint(), [](AgentOptions& options) {
    options.registration.name = "Web 1";
    options.registration.labels = std::map<std::string, std::string>{{"zone", "a"}};
    options.registration.metadata = pack_map({{"answer", 42}});
  });
  const auto seen = broker.wait([](const std::vector<Seen>& all) { return all.size() >= 2; });
  REQUIRE(seen[0].kind == wire::Kind::registration);
  CHECK(seen[0].ack == wire::Ack::recorded);
  wire::Reader reader(seen[0].body);
  std::uint32_t count = 0;
  REQUIRE(reader.array(count));
  wire::Registration registration;
  REQUIRE(wire::read_registration(reader, registration).ok());
  CHECK(registration.agent_id == "web-1");
  CHECK(registration.name == "Web 1");
  CHECK(registration.labels->at("zone") == "a");
  CHECK(registration.interval_ms == 3'600'000u);
  CHECK(registration.run == agent->run());
  REQUIRE(seen[1].beats.size() == 1);
  CHECK(seen[1].beats[0].run == agent->run());
  CHECK(seen[1].beats[0].run_seq == 1);
  CHECK(seen[1].beats[0].interval_ms == 3'600'000);
  until([&] { return agent->stats().registered; });
}

TEST_CASE("replies that come in one message each reach what they answer", "[agent]") {
  FakeBroker broker;
  broker.pair_replies();
  auto agent = start(broker.endpoint());  // it registers and beats, and both are answered at once
  until([&] { return agent->stats().registered && agent->stats().acknowledged == 1; });
}

TEST_CASE("an agent beats in the background at its interval", "[agent]") {
  FakeBroker broker;
  auto agent = start(broker.endpoint(), [](AgentOptions& options) { options.interval = 10ms; });
  const auto seen = broker.wait([](const std::vector<Seen>& all) { return FakeBroker::beats(all).size() >= 10; });
  // On a slow machine the first ones may be due before there is a connection: then they come as backfill.
  std::set<std::uint64_t> made;
  for (const auto kind : {wire::Kind::beats, wire::Kind::backfill})
    for (const auto& beat : FakeBroker::beats(seen, kind)) CHECK(made.insert(beat.run_seq).second);
  const auto live = FakeBroker::beats(seen);
  for (std::size_t i = 1; i < live.size(); ++i) CHECK(live[i].run_seq == live[i - 1].run_seq + 1);
  CHECK(live.back().run_seq >= 10);
}

TEST_CASE("a changed state goes with the next beat and stays with later ones", "[agent]") {
  FakeBroker broker;
  auto agent = start(broker.endpoint());
  REQUIRE(agent->activity("busy").ok());
  REQUIRE(agent->progress(17).ok());
  REQUIRE(agent->beat_recorded(10s).ok());
  REQUIRE(agent->beat_recorded(10s).ok());
  const auto beats = FakeBroker::beats(broker.wait([](const auto&) { return true; }));
  REQUIRE(beats.size() >= 2);
  for (std::size_t i = beats.size() - 2; i < beats.size(); ++i) {
    CHECK(beats[i].activity == "busy");
    CHECK(beats[i].progress == 17);
  }
}

TEST_CASE("a declared wait is told at once, and counts down", "[agent]") {
  FakeBroker broker;
  auto agent = start(broker.endpoint());
  REQUIRE(agent->busy_for(10min, "compiling").ok());
  const auto seen = broker.wait([](const auto& all) {
    const auto beats = FakeBroker::beats(all);
    return !beats.empty() && beats.back().busy_for_ms > 0;
  });
  CHECK(FakeBroker::beats(seen).back().busy_for_ms <= 600'000);
  REQUIRE(agent->busy_for(0ms, "").ok());
  broker.wait([](const auto& all) { return FakeBroker::beats(all).back().busy_for_ms == 0; });
}

TEST_CASE("after the broker returns, the newest beat goes first and the missed ones follow as backfill", "[agent]") {
  FakeBroker broker;
  auto agent = start(broker.endpoint());
  until([&] { return agent->stats().acknowledged == 1; });
  broker.go_away();
  until([&] { return !agent->stats().connected; });
  for (int i = 0; i < 3; ++i) REQUIRE(agent->beat_now().ok());
  const std::uint64_t missed_to = agent->stats().made;
  until([&] { return agent->stats().spooled >= 3; });
  broker.come_back();
  const auto seen =
      broker.wait([&](const auto& all) { return FakeBroker::beats(all, wire::Kind::backfill).size() >= 2; });
  const auto backfill = FakeBroker::beats(seen, wire::Kind::backfill);
  for (const auto& beat : backfill) {
    CHECK(beat.age_ms >= 1);
    CHECK(beat.run_seq <= missed_to);
  }
  std::size_t first_backfill = 0, newest_beat = 0;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    if (seen[i].kind == wire::Kind::backfill && first_backfill == 0) first_backfill = i;
    if (seen[i].kind == wire::Kind::beats && newest_beat == 0 && seen[i].beats.back().run_seq >= missed_to)
      newest_beat = i;
  }
  CHECK(newest_beat < first_backfill);
  until([&] { return agent->stats().spooled == 0; });
  CHECK(agent->stats().connects == 2);
  // Nothing is lost and nothing is counted twice: every number once.
  std::set<std::uint64_t> numbers;
  for (const auto kind : {wire::Kind::beats, wire::Kind::backfill})
    for (const auto& beat : FakeBroker::beats(broker.wait([](const auto&) { return true; }), kind))
      numbers.insert(beat.run_seq);
  CHECK(numbers.size() == agent->stats().made);
}

TEST_CASE("an overloaded broker gets the beat again", "[agent]") {
  FakeBroker broker;
  std::atomic<int> refusals{3};
  broker.answer_with([&](const Seen& seen) -> std::string {
    return seen.kind == wire::Kind::beats && refusals-- > 0 ? "overloaded" : "";
  });
  auto agent = start(broker.endpoint());
  CHECK(agent->beat_recorded(10s).ok());
  REQUIRE(agent->last_error());
  CHECK(agent->last_error()->code == Code::overloaded);
}

TEST_CASE("a caller whose patience is over learns why, and the beat is kept", "[agent]") {
  FakeBroker broker;
  broker.answer_with([](const Seen& seen) -> std::string {
    return seen.kind == wire::Kind::registration ? "" : "recorder_unavailable";
  });
  auto agent = start(broker.endpoint());
  test::until([&] { return agent->last_error().has_value(); });
  const auto result = agent->beat_recorded(50ms);
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().code == Code::recorder_unavailable);
  CHECK(agent->stats().spooled >= 1);
}

TEST_CASE("with no broker at all a caller is told so", "[agent]") {
  auto agent = start("tcp://127.0.0.1:9");
  const auto result = agent->beat_recorded(20ms);
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().code == Code::disconnected);
  CHECK(result.error().message.find("tcp://127.0.0.1:9") != std::string::npos);
}

TEST_CASE("a refused beat is an error of the caller's and of on_error, and is not kept", "[agent]") {
  FakeBroker broker;
  broker.answer_with(
      [](const Seen& seen) -> std::string { return seen.kind == wire::Kind::beats ? "invalid_value" : ""; });
  std::promise<Error> told;
  std::atomic<bool> once{false};
  auto agent = start(broker.endpoint(), [&](AgentOptions& options) {
    options.on_error = [&](const Error& error) {
      if (!once.exchange(true)) told.set_value(error);
      throw std::runtime_error("an exception of the caller's stays with the caller");
    };
  });
  const auto result = agent->beat_future().get();
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().code == Code::invalid_value);
  CHECK(told.get_future().get().code == Code::invalid_value);
  until([&] { return agent->stats().spooled == 0; });
}

TEST_CASE("beats from many threads are all recorded, each under its own number", "[agent]") {
  FakeBroker broker;
  auto agent = start(broker.endpoint());
  until([&] { return agent->stats().acknowledged == 1; });
  std::vector<std::thread> threads;
  std::atomic<int> failed{0};
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 25; ++i) {
        (void)agent->progress(static_cast<std::uint64_t>(i));
        if (!agent->beat_recorded(20s).ok()) ++failed;
      }
    });
  for (auto& thread : threads) thread.join();
  CHECK(failed == 0);
  std::set<std::uint64_t> numbers;
  for (const auto& beat : FakeBroker::beats(broker.wait([](const auto&) { return true; })))
    numbers.insert(beat.run_seq);
  CHECK(numbers.size() == 201);  // and the first one, which nobody called for
  CHECK(*numbers.rbegin() == 201);
}

TEST_CASE("while the broker is away a beat costs the caller next to nothing, and bounds hold", "[agent]") {
  auto agent = start("tcp://127.0.0.1:9", [](AgentOptions& options) { options.spool_messages = 10; });
  const auto begin = std::chrono::steady_clock::now();
  int refused = 0;
  for (int i = 0; i < 20'000; ++i) {
    const Status status = agent->beat_now();
    if (status.ok()) continue;
    ++refused;
    CHECK(status.error().code == Code::queue_full);
  }
  // Generous for a loaded machine under a sanitizer: a call that waited for the network would take far longer.
  CHECK(std::chrono::steady_clock::now() - begin < 10s);
  until([&] {
    const AgentStats stats = agent->stats();
    return stats.dropped + stats.spooled == stats.made && stats.spooled == 10;
  });
  CHECK(agent->stats().made == 20'001u - static_cast<unsigned>(refused));
}

TEST_CASE("a beat that is dropped from a full spool tells its caller", "[agent]") {
  auto agent = start("tcp://127.0.0.1:9", [](AgentOptions& options) { options.spool_messages = 1; });
  auto first = agent->beat_future();
  auto second = agent->beat_future();
  const auto result = first.get();
  REQUIRE_FALSE(result.ok());
  CHECK(result.error().code == Code::queue_full);
  agent.reset();
  const auto last = second.get();
  REQUIRE_FALSE(last.ok());
  CHECK(last.error().code == Code::closed);
}

TEST_CASE("in a forked child every call answers forked", "[agent]") {
  FakeBroker broker;
  auto agent = start(broker.endpoint());
  REQUIRE(agent->beat_recorded(10s).ok());
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    const bool right =
        agent->beat_now().error().code == Code::forked && agent->beat_recorded(1s).error().code == Code::forked &&
        agent->progress(1).error().code == Code::forked && agent->goodbye("", 1s).error().code == Code::forked &&
        agent->last_error()->code == Code::forked && agent->stats().made == 0;
    agent.reset();  // must neither hang nor touch the parent's socket
    ::_exit(right ? 0 : 1);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(agent->beat_recorded(10s).ok());  // the parent goes on
}

TEST_CASE("goodbye is recorded, and nothing is beaten after it", "[agent]") {
  FakeBroker broker;
  auto agent = start(broker.endpoint());
  const auto receipt = agent->goodbye("done", 10s);
  REQUIRE(receipt.ok());
  CHECK(receipt->level == Ack::recorded);
  const auto beat = agent->beat_now();
  REQUIRE_FALSE(beat.ok());
  CHECK(beat.error().code == Code::closed);
  const auto seen = broker.wait([](const auto& all) { return all.back().kind == wire::Kind::goodbye; });
  wire::Reader reader(seen.back().body);
  std::uint32_t count = 0;
  REQUIRE(reader.array(count));
  wire::Goodbye goodbye;
  REQUIRE(wire::read_goodbye(reader, goodbye).ok());
  CHECK(goodbye.run == agent->run());
  CHECK(goodbye.reason == "done");
}

TEST_CASE("a destroyed agent falls silent without a goodbye, unless it was asked for", "[agent]") {
  FakeBroker broker;
  start(broker.endpoint())->beat_recorded(10s).value();
  start(broker.endpoint(),
        [](AgentOptions& options) {
          options.goodbye_on_destruction = true;
          options.linger = 10s;
        })
      ->beat_recorded(10s)
      .value();
  const auto seen = broker.wait([](const auto& all) { return all.back().kind == wire::Kind::goodbye; });
  int goodbyes = 0;
  for (const Seen& s : seen) goodbyes += s.kind == wire::Kind::goodbye;
  CHECK(goodbyes == 1);
}

TEST_CASE("an agent that nobody answers is destroyed quickly", "[agent]") {
  const auto begin = std::chrono::steady_clock::now();
  start("tcp://127.0.0.1:9");
  CHECK(std::chrono::steady_clock::now() - begin < 5s);
}

TEST_CASE("an agent destroyed inside its own callback ends the process with a message that says so", "[agent]") {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::signal(SIGABRT, SIG_DFL);  // not the test framework's
    ::dup2(ends[1], STDERR_FILENO);
    AgentOptions options;
    options.id = "web-1";
    options.endpoint = "tcp://127.0.0.1:9";
    options.spool_messages = 1;  // so that the next beat drops the one before, and tells it
    auto agent = Agent::start(options).value();
    agent->beat_recorded([&](const Result<Receipt>&) { agent.reset(); });
    (void)agent->beat_now();
    std::this_thread::sleep_for(20s);
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string said;
  char chunk[512];
  for (ssize_t n = 0; (n = ::read(ends[0], chunk, sizeof chunk)) > 0;) said.append(chunk, static_cast<std::size_t>(n));
  ::close(ends[0]);
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  CHECK(WTERMSIG(status) == SIGABRT);
  CHECK(said.find("inside one of its own callbacks") != std::string::npos);
}

TEST_CASE("options and values that cannot be used are refused where they are given", "[agent]") {
  const auto code_of = [](AgentOptions options) {
    auto agent = Agent::start(std::move(options));
    REQUIRE_FALSE(agent.ok());
    return agent.error().code;
  };
  CHECK(code_of({.id = ""}) == Code::invalid_agent_id);
  CHECK(code_of({.id = "a/b"}) == Code::invalid_agent_id);
  CHECK(code_of({.id = "a", .interval = 1ms}) == Code::invalid_value);
  CHECK(code_of({.id = "a", .endpoint = "nonsense"}) == Code::invalid_config);
  CHECK(code_of({.id = "a", .deadline = 2min}) == Code::invalid_config);
  CHECK(code_of({.id = "a", .spool_messages = 0}) == Code::invalid_config);
  Registration odd;
  odd.grace = -1ms;
  CHECK(code_of({.id = "a", .registration = odd}) == Code::invalid_value);

  auto agent = start("tcp://127.0.0.1:9");
  CHECK(agent->activity(std::string(65, 'x')).error().code == Code::invalid_value);
  CHECK(agent->task("\xFF").error().code == Code::invalid_value);
  CHECK(agent->busy_for(25h, "").error().code == Code::invalid_value);
  CHECK(agent->interval(1ms).error().code == Code::invalid_value);
}

}  // namespace
}  // namespace lifesign
