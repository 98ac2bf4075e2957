// The spool with hand-written sequences. Times are seconds on a clock of our own.
#include "agent-sdk/spool.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "wire/beat.h"

namespace lifesign::sdk {
namespace {

using base::Micros;
using What = Spool::Outcome::What;

constexpr Micros operator""_s(unsigned long long seconds) {
  return Micros(static_cast<std::int64_t>(seconds) * 1'000'000);
}

struct Bench {
  explicit Bench(SpoolLimits given = {}) : spool(given, 1) {}

  std::uint64_t add(std::uint64_t agent, std::uint64_t run_seq, Micros now, Ack ack = Ack::recorded) {
    SpoolItem item;
    item.agent = agent;
    item.run_seq = run_seq;
    item.ack = ack;
    item.made_at = now;
    wire::Writer(item.head).text("a" + std::to_string(agent)).u64(9).u64(run_seq);
    wire::Writer(item.fields).field("interval_ms", std::uint64_t{1'000});
    item.field_count = 1;
    return spool.add(std::move(item), now, dropped);
  }

  // "beats a1:3 a1:4", "backfill a1:2(5000)" with ages, or "" when nothing is to go out.
  std::string send(Micros now, bool works = true) {
    ++corr;
    const auto message = spool.next(corr, now);
    if (!message) return "";
    works ? spool.sent(corr) : spool.not_sent(corr);
    const bool backfill = message->kind == wire::Kind::backfill;
    const auto checked = wire::check_beats(message->body, backfill);
    REQUIRE(checked.ok());
    REQUIRE(*checked == message->count);
    std::string out(wire::kind_name(message->kind));
    wire::BeatList list(message->body);
    for (wire::Beat beat; list.next(beat);) {
      out += " " + std::string(beat.agent_id) + ":" + std::to_string(beat.run_seq);
      if (backfill) out += "(" + std::to_string(beat.age_ms) + ")";
    }
    return out;
  }

  Spool::Outcome answer(std::uint64_t to, std::string_view code, Micros now, std::uint64_t first_seq = 100,
                        std::uint64_t retry_after_ms = 0) {
    wire::Reply reply;
    reply.code = code;
    reply.corr = to;
    reply.first_seq = first_seq;
    reply.retry_after_ms = retry_after_ms;
    return spool.on_reply(reply, now);
  }

  Spool spool;
  std::uint64_t corr = 0;
  std::vector<Spool::Dropped> dropped;
};

TEST_CASE("while connected, beats go out at once, together and in order", "[spool]") {
  Bench bench;
  bench.spool.connected();
  bench.add(1, 1, 1_s);
  bench.add(1, 2, 1_s);
  bench.add(2, 1, 1_s);
  CHECK(bench.send(1_s) == "beats a1:1 a1:2 a2:1");
  CHECK(bench.send(1_s) == "");
  const auto outcome = bench.answer(bench.corr - 1, "recorded", 1_s, 70);
  REQUIRE(outcome.what == What::taken);
  REQUIRE(outcome.taken.size() == 3);
  CHECK(outcome.taken[2].seq == 72);
  CHECK(bench.spool.size() == 0);
  CHECK(bench.spool.bytes() == 0);
}

TEST_CASE("nothing goes out while nobody is there", "[spool]") {
  Bench bench;
  bench.add(1, 1, 1_s);
  CHECK(bench.send(1_s) == "");
  CHECK(bench.spool.wake_at(1_s) == Micros::max());
}

TEST_CASE("after a reconnect the newest goes first, the older ones as backfill with their age", "[spool]") {
  Bench bench;
  bench.add(1, 1, 1_s);
  bench.add(1, 2, 2_s);
  bench.add(1, 3, 3_s);
  bench.add(2, 8, 3_s);
  bench.spool.connected();
  CHECK(bench.send(6_s) == "beats a1:3 a2:8");
  CHECK(bench.send(6_s) == "backfill a1:1(5000) a1:2(4000)");
  CHECK(bench.send(6_s) == "");
}

TEST_CASE("what waited for the connection is no sign of life beside a beat made since", "[spool]") {
  Bench bench;
  bench.add(1, 1, 1_s);
  bench.add(2, 8, 1_s);
  bench.spool.connected();
  bench.add(1, 2, 5_s);  // before anything could go out
  bench.add(1, 3, 5_s);  // both of the time since: both go at once
  CHECK(bench.send(5_s) == "beats a2:8 a1:2 a1:3");
  CHECK(bench.send(5_s) == "backfill a1:1(4000)");
}

TEST_CASE("what was in flight when the connection broke is no sign of life beside a newer beat", "[spool]") {
  Bench bench;
  bench.spool.connected();
  bench.add(1, 1, 1_s);
  CHECK(bench.send(1_s) == "beats a1:1");
  bench.spool.disconnected();
  bench.spool.connected();
  bench.add(1, 2, 5_s);
  CHECK(bench.send(5_s) == "beats a1:2");
  CHECK(bench.send(5_s) == "backfill a1:1(4000)");
}

TEST_CASE("what waited for the end of a pause is no sign of life beside a newer beat", "[spool]") {
  Bench bench;
  bench.spool.connected();
  bench.add(2, 1, 1_s);
  CHECK(bench.send(1_s) == "beats a2:1");
  bench.answer(bench.corr, "overloaded", 1_s, 0, 4'000);
  bench.add(1, 1, 2_s);
  CHECK(bench.send(2_s) == "");
  bench.add(1, 2, 9_s);
  CHECK(bench.send(9_s) == "beats a2:1 a1:2");
  CHECK(bench.send(9_s) == "backfill a1:1(7000)");
}

TEST_CASE("the spool is settled when nothing that proves life is owed an answer", "[spool]") {
  Bench bench;
  CHECK(bench.spool.is_settled());
  bench.add(1, 1, 1_s);
  bench.add(1, 2, 2_s);
  CHECK_FALSE(bench.spool.is_settled());
  bench.spool.connected();
  CHECK(bench.send(3_s) == "beats a1:2");
  CHECK_FALSE(bench.spool.is_settled());
  bench.answer(bench.corr, "recorded", 3_s);
  CHECK(bench.spool.is_settled());  // the other one is history
  CHECK(bench.spool.size() == 1);
}

TEST_CASE("a beat whose answer was lost with the connection is sent again", "[spool]") {
  Bench bench;
  bench.spool.connected();
  bench.add(1, 1, 1_s);
  CHECK(bench.send(1_s) == "beats a1:1");
  bench.spool.disconnected();
  CHECK(bench.answer(1, "recorded", 2_s).what == What::unknown);
  bench.add(1, 2, 3_s);
  bench.spool.connected();
  CHECK(bench.send(4_s) == "beats a1:2");
  CHECK(bench.send(4_s) == "backfill a1:1(3000)");
}

TEST_CASE("an answer that never comes is given up after the timeout, and the beat goes out again", "[spool]") {
  Bench bench;
  bench.spool.connected();
  bench.add(1, 1, 1_s);
  CHECK(bench.send(1_s) == "beats a1:1");
  CHECK(bench.spool.wake_at(1_s) == 8_s);
  bench.spool.on_time(8_s);
  CHECK(bench.send(8_s) == "");
  const Micros retry = bench.spool.wake_at(8_s);
  CHECK(retry >= 9_s);
  CHECK(retry <= 10_s);
  bench.spool.on_time(retry);
  CHECK(bench.send(retry) == "beats a1:1");
}

TEST_CASE("past its bound the spool gives up the oldest and names it", "[spool]") {
  SpoolLimits limits;
  limits.items = 2;
  Bench bench(limits);
  const std::uint64_t first = bench.add(1, 1, 1_s);
  bench.add(1, 2, 2_s);
  CHECK(bench.dropped.empty());
  bench.add(1, 3, 3_s);
  REQUIRE(bench.dropped.size() == 1);
  CHECK(bench.dropped[0].order == first);
  CHECK(bench.dropped[0].run_seq == 1);
  bench.spool.connected();
  CHECK(bench.send(4_s) == "beats a1:3");
  CHECK(bench.send(4_s) == "backfill a1:2(2000)");
}

TEST_CASE("the bound in bytes holds, but the newest beat is always kept", "[spool]") {
  SpoolLimits limits;
  limits.bytes = 1;
  Bench bench(limits);
  bench.add(1, 1, 1_s);
  bench.add(1, 2, 2_s);
  CHECK(bench.dropped.size() == 1);
  CHECK(bench.spool.size() == 1);
}

TEST_CASE("a beat that is dropped while in flight leaves its answer without effect", "[spool]") {
  SpoolLimits limits;
  limits.items = 1;
  Bench bench(limits);
  bench.spool.connected();
  bench.add(1, 1, 1_s);
  CHECK(bench.send(1_s) == "beats a1:1");
  bench.add(1, 2, 2_s);
  const auto outcome = bench.answer(1, "recorded", 2_s);
  CHECK(outcome.what == What::taken);
  CHECK(outcome.taken.empty());
  CHECK(bench.send(2_s) == "beats a1:2");
}

TEST_CASE("overloaded: nothing goes out until the named time, then the newest first", "[spool]") {
  Bench bench;
  bench.spool.connected();
  bench.add(1, 1, 1_s);
  CHECK(bench.send(1_s) == "beats a1:1");
  CHECK(bench.answer(1, "overloaded", 1_s, 0, 4'000).what == What::later);
  bench.add(1, 2, 2_s);
  CHECK(bench.send(2_s) == "");
  const Micros retry = bench.spool.wake_at(2_s);
  CHECK(retry >= 5_s);  // never before the named time
  CHECK(retry <= 6_s);  // and not all at once
  CHECK(bench.send(retry) == "beats a1:2");
  CHECK(bench.send(retry).starts_with("backfill a1:1("));
  CHECK(bench.spool.wake_at(retry) > retry);
}

TEST_CASE("recorder_unavailable holds up no new beat, and one success brings the rest", "[spool]") {
  Bench bench;
  bench.spool.connected();
  bench.add(1, 1, 1_s);
  bench.add(1, 2, 1_s);
  CHECK(bench.send(1_s) == "beats a1:1 a1:2");
  CHECK(bench.answer(1, "recorder_unavailable", 6_s).what == What::later);
  CHECK(bench.send(6_s) == "");
  bench.add(1, 3, 6_s);
  CHECK(bench.send(6_s) == "beats a1:3");
  CHECK(bench.answer(bench.corr, "recorded", 6_s).what == What::taken);
  CHECK(bench.send(6_s) == "backfill a1:1(5000) a1:2(5000)");
}

TEST_CASE("while it keeps failing, one beat at a time is tried, more and more seldom", "[spool]") {
  Bench bench;
  bench.spool.connected();
  for (std::uint64_t i = 1; i <= 4; ++i) bench.add(1, i, 1_s);
  CHECK(bench.send(1_s) == "beats a1:1 a1:2 a1:3 a1:4");
  bench.answer(bench.corr, "recorder_unavailable", 1_s);
  Micros now = bench.spool.wake_at(1_s);
  bench.spool.on_time(now);
  CHECK(bench.send(now) == "beats a1:4");
  CHECK(bench.send(now) == "");
  bench.answer(bench.corr - 1, "recorder_unavailable", now);
  const Micros then = bench.spool.wake_at(now);
  CHECK(then - now >= 2_s);
}

TEST_CASE("a refused message is taken apart to find the beat that is at fault", "[spool]") {
  Bench bench;
  bench.spool.connected();
  bench.add(1, 1, 1_s);
  const std::uint64_t bad = bench.add(2, 1, 1_s);
  CHECK(bench.send(1_s) == "beats a1:1 a2:1");
  CHECK(bench.answer(1 + 0, "invalid_value", 1_s).what == What::split);
  CHECK(bench.send(1_s) == "beats a1:1");
  const std::uint64_t good_corr = bench.corr;
  CHECK(bench.send(1_s) == "beats a2:1");
  CHECK(bench.answer(good_corr, "recorded", 1_s).what == What::taken);
  const auto outcome = bench.answer(bench.corr, "invalid_value", 1_s);
  CHECK(outcome.what == What::refused);
  CHECK(outcome.refused == std::vector<std::uint64_t>{bad});
  CHECK(bench.spool.size() == 0);
}

TEST_CASE("a code of a newer broker is retried, not taken for a refusal", "[spool]") {
  Bench bench;
  bench.spool.connected();
  bench.add(1, 1, 1_s);
  bench.send(1_s);
  CHECK(bench.answer(1, "something_new", 1_s).what == What::later);
  CHECK(bench.spool.size() == 1);
}

TEST_CASE("beats that ask for no answer leave the spool once they are sent, not before", "[spool]") {
  Bench bench;
  bench.spool.connected();
  bench.add(1, 1, 1_s, Ack::none);
  CHECK(bench.send(1_s, false) == "beats a1:1");
  CHECK(bench.spool.size() == 1);
  CHECK(bench.send(1_s) == "beats a1:1");
  CHECK(bench.spool.size() == 0);
}

TEST_CASE("one beat that wants to be recorded makes its whole message ask for it", "[spool]") {
  Bench bench;
  bench.spool.connected();
  bench.add(1, 1, 1_s, Ack::received);
  bench.add(1, 2, 1_s, Ack::recorded);
  const auto message = bench.spool.next(1, 1_s);
  REQUIRE(message);
  CHECK(message->ack == Ack::recorded);
}

TEST_CASE("messages keep to 4,096 beats and 64 KiB", "[spool]") {
  SpoolLimits limits;
  limits.items = 10'000;
  limits.bytes = 64 << 20;
  Bench bench(limits);
  for (std::uint64_t agent = 1; agent <= 5'000; ++agent) bench.add(agent, 1, 1_s);
  bench.spool.connected();
  std::size_t total = 0;
  for (std::uint64_t corr = 1; auto message = bench.spool.next(corr, 1_s); ++corr) {
    CHECK(message->body.size() <= 64 * 1'024);
    CHECK(message->count <= 4'096);
    total += message->count;
    bench.spool.sent(corr);
  }
  CHECK(total == 5'000);
}

TEST_CASE("the number of messages without an answer is bounded", "[spool]") {
  SpoolLimits limits;
  limits.messages_in_flight = 2;
  Bench bench(limits);
  bench.spool.connected();
  for (std::uint64_t i = 1; i <= 2; ++i) {
    bench.add(1, i, 1_s);
    CHECK(!bench.send(1_s).empty());
  }
  bench.add(1, 3, 2_s);
  bench.add(1, 4, 3_s);
  CHECK(bench.send(3_s) == "");
  bench.answer(1, "recorded", 4_s);
  CHECK(bench.send(4_s) == "beats a1:4");
}

TEST_CASE("the beats of an agent that was removed still go out", "[spool]") {
  Bench bench;
  bench.spool.connected();
  bench.add(1, 1, 1_s);
  bench.spool.forget(1);
  CHECK(bench.send(1_s) == "beats a1:1");
  bench.spool.disconnected();
  bench.spool.connected();
  CHECK(bench.send(2_s) == "backfill a1:1(1000)");
}

}  // namespace
}  // namespace lifesign::sdk
