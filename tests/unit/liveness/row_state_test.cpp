// Snapshots: what goes out comes back, damage is refused.
#include "liveness/row_state.h"

#include <catch2/catch.hpp>
#include <random>

#include "liveness/fold.h"
#include "unit/liveness/log_script.h"

using namespace lifesign;
using liveness::FleetState;
using liveness::RowState;

namespace {

RowState full() {
  RowState s;
  s.agent_id = "a";
  s.as_of = 1000;
  s.status = liveness::Status::offline;
  s.cause = liveness::Cause::cut_off;
  s.last_seq = 900;
  s.last = 1'700'000'000'000;
  s.misses = 3;
  s.offline_since = 1'700'000'090'000;
  s.known = s.beaten = s.stalled = s.duplicate_told = true;
  s.current = {77, false, 4, {{1, 9}, {12, 12}}};
  s.earlier = {{76, true, 0, {{1, 3}}}, {75, false, 4, {{2, 9}}}};
  s.next_settings = liveness::PolicyState{};
  s.next_settings->interval_ms = 1234;
  s.next_settings->schedule = "* * * * *";
  s.policy = {10'000, 0, 3, 60'000, "0 * * * *", "Europe/Vienna"};
  s.busy_until = 1'700'000'050'000;
  s.has_progress = true;
  s.progress_since = 1'700'000'000'000;
  s.activity_hash = 1;
  s.task_hash = 2;
  s.registration_hash = 3;
  s.connection = 4;
  s.peer = "10.0.0.9";
  s.host = "h";
  s.zone = "z";
  s.silence = {800, 801, 1'600'000'000'000, 1, true, true};
  liveness::Owed owed{liveness::Verdict::ready, 900, 1'700'000'000'000, 1, {}};
  wire::Writer(owed.fields).field("run", std::uint64_t{77});
  s.owed = {owed, owed};
  return s;
}

template <class State>
std::string encoded(const State& s) {
  std::string out;
  wire::Writer writer(out);
  liveness::encode(writer, s);
  return out;
}

}  // namespace

TEST_CASE("a row comes back as it went out", "[snapshot]") {
  RowState small;
  small.agent_id = "b";
  for (const RowState& s : {full(), small}) {
    const std::string bytes = encoded(s);
    wire::Reader reader(bytes);
    RowState back;
    REQUIRE(liveness::decode(reader, back).ok());
    CHECK(back == s);
    CHECK(reader.at_end());
  }
}

TEST_CASE("a fleet comes back as it went out", "[snapshot]") {
  const FleetState s{1000, 500, 77, 88, {{10, 20, 10}, {30, 90, 40}}, {1, 2, 3}};
  const std::string bytes = encoded(s);
  wire::Reader reader(bytes);
  FleetState back;
  REQUIRE(liveness::decode(reader, back).ok());
  CHECK(back == s);
}

TEST_CASE("a fold takes a row in and gives it out unchanged", "[snapshot]") {
  liveness::Fold fold;
  REQUIRE(fold.load_fleet({1000, 500, 77, 88, {{10, 20, 10}}, {4}}).ok());
  REQUIRE(fold.load_row(full()).ok());
  CHECK(fold.export_row(fold.find("a")) == full());
  CHECK(fold.export_fleet() == FleetState{1000, 500, 77, 88, {{10, 20, 10}}, {4}});
  CHECK_FALSE(fold.load_row(full()).ok());
}

TEST_CASE("what a row owes is a verdict that can be read, or the row is refused", "[snapshot]") {
  for (const bool named : {true, false}) {
    RowState s = full();
    s.owed.resize(1);
    s.owed[0].fields.clear();
    wire::Writer writer(s.owed[0].fields);
    named ? writer.text("decided") : writer.u64(7);
    writer.text("a value");
    const std::string bytes = encoded(s);
    wire::Reader reader(bytes);
    RowState back;
    CHECK_FALSE(liveness::decode(reader, back).ok());
  }
}

TEST_CASE("damaged rows are refused and never crash", "[snapshot]") {
  const std::string good = encoded(full());
  std::mt19937 random(20261124);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = good.substr(0, 1 + random() % good.size());
    bytes[random() % bytes.size()] = static_cast<char>(random());
    wire::Reader reader(bytes);
    RowState back;
    if (!liveness::decode(reader, back).ok()) continue;
    liveness::Fold fold;
    if (fold.load_row(back).ok()) std::ignore = fold.view(fold.find(back.agent_id));
  }
}
