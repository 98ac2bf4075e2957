// `recorded` means through an fsync: a witness between the recorder and its C library says so, and the store is opened
// as a disk may leave it when the power goes. LIFESIGN_SEED replays a failure; LIFESIGN_CUTS makes it longer.
#include "support/disk.h"

#include <catch2/catch.hpp>
#include <memory>
#include <random>

#include "support/audit.h"
#include "support/recorded_beats.h"
#include "support/replay.h"

using namespace lifesign;
using namespace lifesign::tests;

namespace {

bool has_witness() {
  if (!Disk::available()) WARN("this build has a sanitizer, which leaves no place for the witness: not tested");
  return Disk::available();
}

using Clients = std::vector<std::unique_ptr<RecordedBeats>>;

Clients clients_of(const System& system, int count) {
  Clients out;
  for (int i = 0; i < count; ++i)
    out.push_back(std::make_unique<RecordedBeats>("c-" + std::to_string(i), system.endpoint("ingest")));
  return out;
}

std::uint64_t recorded(const Clients& clients) {
  std::uint64_t sum = 0;
  for (const auto& client : clients) sum += client->recorded();
  return sum;
}

bool more_recorded(const Clients& clients, std::uint64_t more) {
  const std::uint64_t target = recorded(clients) + more;
  return eventually([&] { return recorded(clients) >= target; });
}

void start_broker(System& system) {
  system.start("broker");
  REQUIRE(eventually([&] { return std::filesystem::exists(system.dir() / "broker.endpoints"); }));
}

}  // namespace

TEST_CASE("nothing is called recorded before an fsync that began after it was written", "[process][disk]") {
  if (!has_witness()) return;
  System system("synced");
  Disk disk(system);
  system.start();
  Clients clients = clients_of(system, 4);
  for (int kill = 0; kill < 4; ++kill) {
    REQUIRE(more_recorded(clients, 100));
    system.kill("recorder");
    system.start("recorder");
  }
  REQUIRE(more_recorded(clients, 100));
  CHECK(disk.violations() == "");
  CHECK(disk.claims() > 50);
  CHECK(disk.claimed() >= recorded(clients) / 2);
}

TEST_CASE("the witness notices each kind of sync that is not done", "[process][disk]") {
  if (!has_witness()) return;
  const auto [swallowed, said] = GENERATE(std::pair("data", "a meta page was written before what it leads to"),
                                          std::pair("meta", "is the last that is through"),
                                          std::pair("folder", "no folder was synced that holds the file's name"));
  INFO(swallowed);
  System system("sabotage");
  Disk disk(system);
  disk.sabotage(swallowed, "");
  start_broker(system);
  system.start("recorder");
  Clients clients = clients_of(system, 1);
  REQUIRE(eventually([&] { return disk.violations().find(said) != std::string::npos; }));
}

TEST_CASE("a recorder that was killed calls nothing recorded that it finds written and not synced", "[process][disk]") {
  if (!has_witness()) return;
  System system("found");
  Disk disk(system);
  start_broker(system);
  Clients clients = clients_of(system, 2);
  for (const char* die : {"meta:20", "meta:30", "meta:40"}) {
    INFO("killed at " << die);
    disk.sabotage("", die);
    system.start("recorder");
    REQUIRE(eventually([&] { return !system.child("recorder").running(); }));
  }
  disk.sabotage("", "");
  system.start("recorder");
  REQUIRE(more_recorded(clients, 10));
  CHECK(disk.violations() == "");
}

TEST_CASE("a power cut amid the first start leaves a folder in which the recorder starts", "[process][disk]") {
  if (!has_witness()) return;
  const Replay replay("LIFESIGN_CUTS", 24);
  INFO(replay.text());
  std::mt19937_64 random(replay.seed());
  for (std::uint64_t cut = 0; cut < replay.length(); ++cut) {
    System system("first");
    Disk disk(system);
    const std::uint64_t step = 1 + random() % 16;
    disk.sabotage("", std::to_string(step));
    system.start("recorder");
    const auto endpoints = system.dir() / "recorder.endpoints";
    REQUIRE(eventually([&] { return !system.child("recorder").running() || std::filesystem::exists(endpoints); }));
    system.kill("recorder");
    const std::string left = disk.lose_power(random);
    INFO("cut " << cut << " at step " << step << ": " << left);
    std::filesystem::remove(endpoints);
    disk.sabotage("", "");
    system.start("recorder");
    REQUIRE(eventually([&] { return !system.child("recorder").running() || std::filesystem::exists(endpoints); }));
    REQUIRE(system.child("recorder").running());
    CHECK(disk.violations() == "");
  }
}

TEST_CASE("after a power cut every beat that was called recorded is there once", "[process][disk]") {
  if (!has_witness()) return;
  const Replay replay("LIFESIGN_CUTS", 8);
  INFO(replay.text());
  std::mt19937_64 random(replay.seed());
  System system("power");
  Disk disk(system);
  disk.sabotage("", std::to_string(100 + random() % 1000));
  start_broker(system);
  system.start("recorder");
  system.start("watchdog");
  Clients clients = clients_of(system, 4);
  for (std::uint64_t cut = 0; cut < replay.length(); ++cut) {
    REQUIRE(eventually([&] { return !system.child("recorder").running(); }));
    // Everything goes down with the machine; or the recorder alone, whose broker remembers what it said.
    const bool all = random() % 2 == 0;
    if (all) system.kill_all();
    const std::string left = disk.lose_power(random);
    INFO("cut " << cut << " of " << (all ? "all: " : "the recorder: ") << left);
    int code = 0;
    const std::string checked = system.lifesign({"check"}, &code);
    INFO(checked);
    REQUIRE(code == 0);
    disk.sabotage("", cut + 1 == replay.length() ? "" : std::to_string(20 + random() % 1000));
    if (all) start_broker(system);
    system.start("recorder");
    if (all) system.start("watchdog");
    REQUIRE(disk.violations() == "");
  }
  REQUIRE(more_recorded(clients, 20));
  for (auto& client : clients) client->finish();
  audit_totals(system);  // first: in a few seconds the clients would count as late
  for (const auto& client : clients) audit_recorded(system, client->id(), client->recorded());
  audit_verdicts(system.events({}));
  CHECK(system.events({"agent.timeout"}).empty());
  CHECK(disk.violations() == "");
}
