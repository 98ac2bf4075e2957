// A million agents in 100 MB: rows, ids, index and timing wheel.
#include <fmt/format.h>
#include <malloc.h>

#include <catch2/catch.hpp>

#include "liveness/fold.h"
#include "liveness/timing_wheel.h"
#include "unit/liveness/log_script.h"

using namespace lifesign;

namespace {

std::size_t in_use() {
  const auto m = ::mallinfo2();
  return m.uordblks + m.hblkhd;
}

}  // namespace

TEST_CASE("a million agents take at most 100 MB", "[memory]") {
  constexpr std::uint32_t agents = 1'000'000;
  const std::size_t before = in_use();
  liveness::Fold fold;
  liveness::TimingWheel wheel(test::ms(0));
  std::string id;
  for (std::uint32_t i = 0; i < agents; ++i) {
    id = fmt::format("agent-{:07}", i);  // 13 bytes
    wire::Beat beat;
    beat.agent_id = id;
    beat.run = i + 1;
    beat.run_seq = 1;
    const auto out = fold.apply_beat(beat, i + 1, test::at(1), {i % 1000 + 1, "127.0.0.1"});
    wheel.arm(out.row, fold.next_deadline(out.row).at);
    while (!fold.owed(out.row).empty()) {  // told and recorded, as it is within milliseconds
      const std::string map = fold.make_verdict(out.row, fold.owed(out.row)[0], i + 1);
      wire::Event v;
      REQUIRE(wire::read_event(map, v).ok());
      fold.apply_verdict(v, i + 1, test::at(1));
    }
  }
  const std::size_t used = in_use() - before;
  UNSCOPED_INFO(fmt::format("{:.1f} MB, {} bytes an agent", static_cast<double>(used) / 1e6, used / agents));
  CHECK(used <= 100'000'000);
  CHECK(fold.size() == agents);
  CHECK(wheel.size() == agents);
}
