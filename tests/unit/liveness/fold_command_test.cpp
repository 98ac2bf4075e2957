// What a person says of an agent, against what the agent itself goes on doing.
#include <catch2/catch.hpp>

#include "liveness/fold.h"
#include "unit/liveness/log_script.h"

using namespace lifesign;
using liveness::Fold;
using liveness::Outcome;
using liveness::Result;
using liveness::Status;
using test::at;

namespace {

struct Table {
  Fold fold;
  std::uint64_t seq = 0;

  Outcome beat(double t, std::uint64_t run, std::uint64_t run_seq) {
    wire::Beat b;
    b.agent_id = "a";
    b.run = run;
    b.run_seq = run_seq;
    return fold.apply_beat(b, ++seq, at(t), {1, ""});
  }
  Outcome command(double t, std::string_view type) {
    wire::Command c;
    c.type = type;
    c.agent.agent_id = "a";
    return fold.apply_command(c, ++seq, at(t));
  }
  Status status() { return fold.view(fold.find("a")).status; }
};

}  // namespace

TEST_CASE("an agent that was retired and is expected again lives by the beats of the run it goes on with",
          "[liveness]") {
  Table t;
  t.beat(1, 7, 1);
  t.command(10, wire::events::stopped);
  CHECK(t.beat(11, 7, 2).result == Result::after_goodbye);  // retired: its beats are history
  CHECK(t.status() == Status::stopped);
  CHECK(t.command(20, wire::events::expected).sooner);
  CHECK(t.status() == Status::expected);
  const Outcome out = t.beat(21, 7, 3);
  CHECK(out.result == Result::counted);
  CHECK(t.status() == Status::active);
  CHECK(t.fold.view(t.fold.find("a")).last == at(21));
  CHECK_FALSE(liveness::counts(t.beat(22, 7, 3).result));  // its run_seqs are remembered all along
  CHECK(t.beat(22, 7, 2).result == Result::repeat);
}

TEST_CASE("an agent that was retired and is expected again has its time from then on", "[liveness]") {
  Table t;
  t.beat(1, 7, 1);
  t.command(10, wire::events::stopped);
  t.command(1000, wire::events::expected);
  const auto deadline = t.fold.next_deadline(t.fold.find("a"));
  CHECK(deadline.at > test::ms(1000));
  t.command(1001, wire::events::expected);  // said twice: it goes on waiting
  CHECK(t.status() == Status::expected);
  CHECK(t.fold.next_deadline(t.fold.find("a")).at == deadline.at);
}

TEST_CASE("an agent that is expected again may begin a run of its own", "[liveness]") {
  Table t;
  t.beat(1, 7, 1);
  t.command(10, wire::events::stopped);
  t.command(20, wire::events::expected);
  CHECK(t.beat(21, 8, 1).result == Result::counted);
  CHECK(t.status() == Status::active);
  CHECK(t.fold.view(t.fold.find("a")).run == 8);
}
