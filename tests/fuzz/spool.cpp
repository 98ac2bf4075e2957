// The library's spool and courier, whatever the broker answers and whenever: each message out is one that the broker
// takes, nothing is sent twice at the same time, and the bounds hold.
#include "agent-sdk/spool.h"

#include "agent-sdk/courier.h"
#include "broker/body_check.h"
#include "target.h"
#include "wire/beat.h"
#include "wire/registration.h"
#include "wire/writer.h"

namespace lifesign::fuzz {
namespace {

sdk::SpoolItem item_of(std::uint64_t agent, std::uint64_t run_seq, std::uint8_t ack, base::Micros now) {
  sdk::SpoolItem item{.agent = agent, .run_seq = run_seq, .ack = static_cast<Ack>(ack % 3), .made_at = now};
  wire::Writer(item.head).text("agent-" + std::to_string(agent)).u64(7).u64(run_seq);
  if (run_seq % 2 == 0) {
    item.field_count = 1;
    wire::Writer(item.fields).field("progress", run_seq);
  }
  return item;
}

void must_be_taken(wire::Kind kind, std::string_view body, std::size_t count) {
  const auto checked = broker::check_body(kind, body);
  LIFESIGN_ASSERT(checked.ok() && *checked == count, "the broker refuses {} items: {}", count,
                  checked.ok() ? "another number" : checked.error().message);
}

}  // namespace

void run(std::string_view input) {
  const sdk::SpoolLimits limits{.items = 20, .bytes = 4096, .messages_in_flight = 4, .message_items = 8};
  sdk::Spool spool(limits, 1);
  sdk::Courier courier(std::chrono::seconds(1));
  std::vector<sdk::Spool::Dropped> dropped;
  base::Micros now = std::chrono::seconds(100);
  std::uint64_t corr = 0, courier_corr = 0, run_seq = 0;
  Input parts(input);
  while (!parts.empty()) {
    const std::uint8_t what = parts.byte();
    const std::uint8_t how = parts.byte();
    switch (what % 9) {
      case 0:
        spool.add(item_of(how % 4, ++run_seq, how, now), now, dropped);
        break;
      case 1:
        if (const auto message = spool.next(++corr, now)) {
          must_be_taken(message->kind, message->body, message->count);
          how % 8 == 0 ? spool.not_sent(corr) : spool.sent(corr);
        }
        break;
      case 2: {
        wire::Reply reply;
        wire::Bytes packed = parts.part();
        if (!wire::read_reply(packed, reply).ok()) reply = {.code = "received", .first_seq = how};
        reply.corr = corr - how % 5;
        spool.on_reply(reply, now);
        reply.corr = courier_corr;
        courier.on_reply(reply, now);
        break;
      }
      case 3:
        now += base::Micros(std::int64_t{1} << (how % 32));
        spool.on_time(now);
        courier.on_time(now);
        break;
      case 4:
        how % 2 == 0 ? spool.connected() : spool.disconnected();
        if (how % 2 != 0) courier.disconnected();
        break;
      case 5:
        spool.forget(how % 4);
        break;
      case 6: {
        std::string packed;
        wire::Writer writer(packed);
        wire::write_goodbye(writer, {"agent-1", 7, "done"});
        courier.add(how, packed);
        break;
      }
      case 7:
        if (const auto body = courier.next(++courier_corr, now)) {
          wire::Reader reader(*body);
          std::uint32_t count = 0;
          reader.array(count);
          must_be_taken(wire::Kind::goodbye, *body, count);
          if (how % 8 == 0) courier.not_sent();
        }
        break;
      default:
        courier.withdraw({how});
    }
    LIFESIGN_ASSERT(spool.size() <= limits.items && spool.bytes() <= limits.bytes, "{} items", spool.size());
    LIFESIGN_ASSERT(spool.wake_at(now) >= base::Micros(0) && courier.wake_at(now) >= base::Micros(0), "long ago");
  }
}

}  // namespace lifesign::fuzz
