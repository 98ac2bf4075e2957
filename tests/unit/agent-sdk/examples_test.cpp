// The examples as a reader would run them, against stand-ins for the services.
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "fake_services.h"
#include "run_command.h"

namespace lifesign {
namespace {

using test::FakeBroker;
using test::Feed;
using test::Ran;
using test::run;

std::string example(const std::string& name) {
  return std::string(LIFESIGN_BIN_DIR) + "/../examples/example_" + name;
}

test::FakeServer one_agent() {
  return test::recorder([](auto method, auto corr, const Value& params) -> std::optional<test::Frames> {
    std::string out;
    if (method == "agent")
      wire::Writer(out).map(1).text("agent").map(1).field("agent_id", params["agent_id"].text_or(""));
    else  // two pages
      wire::Writer(out)
          .map(2)
          .text("agents")
          .array(1)
          .map(1)
          .field("agent_id", params["cursor"].text_or("first"))
          .text("cursor")
          .raw(params["cursor"].exists() ? "\xc0" : "\xa6second");
    return test::ok(corr, out);
  });
}

TEST_CASE("the worker example beats, is recorded and says goodbye", "[examples]") {
  FakeBroker broker;
  const Ran ran = run(example("worker") + " web-1 " + broker.endpoint());
  INFO(ran.output);
  CHECK(ran.exit == 0);
  CHECK(ran.output.find("is recorded") != std::string::npos);
  const auto seen = broker.wait([](const auto& all) { return all.back().kind == wire::Kind::goodbye; });
  CHECK(FakeBroker::beats(seen).back().activity == "idle");
  CHECK(FakeBroker::beats(seen).back().progress == 3);
}

TEST_CASE("the group example beats for all its devices", "[examples]") {
  FakeBroker broker;
  const Ran ran = run(example("group") + " 200 " + broker.endpoint());
  INFO(ran.output);
  CHECK(ran.exit == 0);
  CHECK(ran.output == "200 devices are recorded\n");
}

TEST_CASE("the query example prints one agent, and the ids of a status over its pages", "[examples]") {
  auto server = one_agent();
  const Ran one = run(example("query") + " web-1 " + server.endpoint());
  CHECK(one.exit == 0);
  CHECK(one.output == "{\"agent_id\":\"web-1\"}\n");
  const Ran all = run(example("query") + " --status active " + server.endpoint());
  CHECK(all.exit == 0);
  CHECK(all.output == "first\nsecond\n");
}

TEST_CASE("the watch example prints events as JSON", "[examples]") {
  Feed feed;
  auto server = one_agent();
  std::thread publisher([&] {
    feed.subscribed(std::size(wire::events::all));  // every type but single beats, and the tick
    feed.publish("tick//", test::tick(1, 10, "agent.timeout", 5));
    feed.publish("agent.timeout/web-1/", test::event("agent.timeout", 11, 5));
  });
  const Ran ran = run(example("watch") + " 1 - " + feed.endpoint + " " + server.endpoint());
  publisher.join();
  INFO(ran.output);
  CHECK(ran.exit == 0);
  CHECK(ran.output.find(R"("type":"agent.timeout","seq":11)") != std::string::npos);
}

TEST_CASE("the Python client is recorded and asks for itself", "[examples]") {
  FakeBroker broker;
  Feed feed;
  auto server = one_agent();
  const Ran ran = run("/usr/bin/python3 " LIFESIGN_SOURCE_DIR "/agent-sdk/examples/minimal_client.py py-1 " +
                      broker.endpoint() + " " + feed.endpoint + " " + server.endpoint() + " 0.1");
  INFO(ran.output);
  CHECK(ran.exit == 0);
  CHECK(ran.output.find("recorded {'seq': 100") != std::string::npos);
  CHECK(ran.output.find("ok {'agent': {'agent_id': 'py-1'}}") != std::string::npos);
  const auto seen = broker.wait([](const auto& all) { return all.size() == 2; });
  CHECK(seen[0].kind == wire::Kind::registration);
  CHECK(seen[1].beats.at(0).activity == "busy");
}

std::string text_of(const std::string& path) {
  std::ifstream file(std::string(LIFESIGN_SOURCE_DIR) + "/" + path);
  REQUIRE(file.good());
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST_CASE("every C++ sample of docs/sdk.md is taken from an example", "[examples]") {
  std::string examples;
  for (const char* name : {"worker", "group", "watch", "query"})
    examples += text_of(std::string("agent-sdk/examples/") + name + ".cpp");
  const std::string page = text_of("docs/sdk.md");
  int samples = 0;
  const std::string open = "```cpp\n";
  for (std::size_t at = page.find(open); at != std::string::npos; at = page.find(open, at)) {
    at += open.size();
    const std::string sample = page.substr(at, page.find("```", at) - at);
    INFO(sample);
    CHECK(examples.find(sample) != std::string::npos);
    ++samples;
  }
  CHECK(samples >= 4);
}

}  // namespace
}  // namespace lifesign
