#include "sample_log.h"

#include "base/assert.h"
#include "broker/sequencer.h"
#include "wire/beat.h"
#include "wire/event.h"
#include "wire/registration.h"
#include "wire/writer.h"

namespace lifesign::fuzz {
namespace {

using wire::Kind;

class Maker {
 public:
  Maker() : sequencer_({}, "secret", counters_) {
    sequencer_.set_ceiling(1'000'000);
    sequencer_.open_run(1, 1, now_ - std::chrono::seconds(10), now_, out_);
    cut();
  }

  template <class Write>
  std::uint64_t send(Kind kind, Write write) {
    std::string body;
    wire::Writer writer(body);
    write(writer.array(1));
    broker::Request request{.from = "peer", .connection = 9, .peer = "10.0.0.1"};
    request.header = {kind, 1, wire::Ack::received, 0, "secret"};
    request.body = body;
    const std::uint64_t seq = sequencer_.next_seq();
    sequencer_.take(request, now_, out_);
    LIFESIGN_ASSERT(sequencer_.next_seq() == seq + 1, "the sample is refused: {}", sequencer_.last_refusal());
    return seq;
  }
  std::uint64_t beat(std::string_view agent, std::uint64_t run, std::uint64_t run_seq, Kind kind = Kind::beats) {
    return send(kind, [&](wire::Writer& writer) {
      wire::Beat beat{.agent_id = agent, .run = run, .run_seq = run_seq, .interval_ms = 1000};
      beat.has_activity = beat.has_progress = true;
      beat.activity = run_seq % 2 == 0 ? "busy" : "idle";
      beat.progress = run_seq;
      beat.metrics = std::string_view("\x81\xA4load\x05", 7);
      if (kind == Kind::backfill) beat.age_ms = 60'000;
      wire::write_beat(writer, beat);
    });
  }
  void registration(std::string_view agent, const char* schedule) {
    send(Kind::registration, [&](wire::Writer& writer) {
      wire::Registration r{.agent_id = std::string(agent), .run = 7, .name = "Web", .type = "worker"};
      r.capabilities = {"chat", "code"};
      r.labels = {{"host", "h1"}, {"zone", "z1"}};
      r.metadata = "\x81\xA1k\xA1v";
      r.missed_limit = 3;
      r.stall_after_ms = 5000;
      if (schedule != nullptr) r.schedule = schedule;
      wire::write_registration(writer, r);
    });
  }
  void verdict(std::string_view type, std::string_view agent, std::uint64_t evidence) {
    send(Kind::verdicts, [&](wire::Writer& writer) {
      writer.map(7).field("type", type).field("agent_id", agent).field("evidence_seq", evidence).field("ordinal", 2);
      writer.field("as_of", evidence).field("decided", base::to_wire(now_)).field("cause", "silent");
    });
  }
  void command(std::string_view type, std::string_view agent) {
    send(Kind::command, [&](wire::Writer& writer) {
      wire::Command command{std::string(type), "anna", "why not", {}};
      command.agent.agent_id = agent;
      wire::write_command(writer, command);
    });
  }
  void goodbye(std::string_view agent, std::uint64_t run) {
    send(Kind::goodbye, [&](wire::Writer& writer) { wire::write_goodbye(writer, {agent, run, "done"}); });
  }
  void closed() { sequencer_.closed(9, now_); }
  void blind() { sequencer_.blind({"pause", now_ - std::chrono::seconds(1), now_}, now_); }
  void pass(base::Micros time) {
    now_ += time;
    sequencer_.tick(now_, out_);
  }
  void cut() {
    if (!sequencer_.cut()) return;
    const broker::Batch& batch = sequencer_.ring().at(sequencer_.ring().end_index() - 1);
    batches.push_back({{1, batch.first_seq, batch.next_seq, 0, batch.time}, *batch.payload});
  }

  std::vector<SampleBatch> batches;

 private:
  broker::Counters counters_ = broker::make_counters();
  broker::Sequencer sequencer_;
  broker::Outbox out_;
  base::LogTime now_ = base::log_time(1'700'000'000'000'000);
};

}  // namespace

std::vector<SampleBatch> sample_log() {
  using std::chrono::seconds;
  Maker log;
  log.registration("web-1", nullptr);
  log.registration("nightly", "0 2 * * MON-FRI");
  log.beat("web-1", 7, 1);
  log.beat("web-1", 7, 1);  // sent again
  const auto evidence = log.beat("web-2", 8, 1);
  log.pass(seconds(1));
  log.cut();
  log.pass(seconds(5));
  log.verdict("agent.timeout", "web-2", evidence);
  log.closed();
  log.beat("web-1", 7, 2);
  log.beat("web-3", 0, 0, Kind::backfill);
  log.beat("web-2", 8, 9, Kind::backfill);
  log.cut();
  log.pass(seconds(2));
  log.blind();
  log.beat("web-2", 9, 1);  // back, in another run
  log.beat("web-4", 1, 1);
  log.goodbye("web-4", 1);
  log.command("agent.expected", "web-5");
  log.command("agent.forgotten", "web-4");
  log.cut();
  log.pass(seconds(1));
  log.beat("web-1", 7, 3);
  log.cut();
  return log.batches;
}

}  // namespace lifesign::fuzz
