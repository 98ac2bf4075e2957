// The recorder's state in memory, without a store.
#include "recorder/state.h"

#include "tests/unit/recorder/fixture.h"

namespace lifesign::recorder::test {

TEST_CASE("a fleet that outgrows the cache is counted to the beat, however its beats are packed", "[recorder]") {
  constexpr std::size_t agents = liveness::Fold::fleet_in_cache + 1'000;
  State state({}, [](std::string_view) { return std::optional<std::uint64_t>(); });
  LogScript log;
  const auto apply = [&] {
    const TestBatch batch = log.cut();
    const auto work = state.apply(batch.header, batch.payload);
    REQUIRE(work.ok());
  };
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < agents; ++i) ids.push_back("agent-" + std::to_string(i));
  std::vector<std::uint64_t> beats(agents, 0);
  // Messages of one beat, of as many as are looked ahead for, of more and of fewer; what is no beat in between.
  std::size_t next = 0;
  for (std::size_t round = 0; round < 400; ++round) {
    for (const std::size_t count : {1, 64, 200, 16}) {
      std::vector<wire::Beat> message(count);
      for (wire::Beat& beat : message) {
        beat.agent_id = ids[next];
        beat.run = 1;
        beat.run_seq = ++beats[next];
        next = (next + 1) % agents;
      }
      log.beats(message);
    }
    if (round % 3 == 0) log.tick();
    if (round % 5 == 0) log.registration({.agent_id = "fresh-" + std::to_string(round)});
    if (round % 8 == 7) apply();
  }
  apply();
  REQUIRE(state.fold().size() > agents);
  for (std::size_t i = 0; i < agents; ++i) {
    INFO(ids[i]);
    const std::uint32_t row = state.fold().find(ids[i]);
    REQUIRE(row != liveness::no_row);
    REQUIRE(state.profile(row).total_heartbeats == beats[i]);
  }
  CHECK(state.position().total_heartbeats == 400u * (1 + 64 + 200 + 16));
  CHECK(state.bad_entries() == 0);
}

}  // namespace lifesign::recorder::test
