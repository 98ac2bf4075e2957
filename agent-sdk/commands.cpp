#include "lifesign/commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/time.h"
#include "check.h"
#include "convert.h"
#include "member.h"
#include "net/socket.h"
#include "wait.h"
#include "wire/beat.h"
#include "wire/ingest.h"
#include "wire/limits.h"

namespace lifesign {

struct Commands::Impl {
  CommandOptions options;
  std::string endpoint;
  int pid = ::getpid();
  zmq::context_t context{1};
  zmq::socket_t socket;
  std::uint64_t corr = sdk::random_bits(48);

  explicit Impl(CommandOptions given)
      : options(std::move(given)), endpoint(sdk::endpoint_or_default(options.endpoint, "LIFESIGN_INGEST", 7400)) {}

  struct Answer {
    Receipt receipt;
    Value detail;
  };

  Result<Answer> request(wire::Kind kind, Ack ack, std::string_view body) {
    if (::getpid() != pid) return sdk::forked_error();
    try {
      return exchange(kind, ack, body);
    } catch (const zmq::error_t& e) {
      return Error{Code::io_failed, std::string("asking the broker: ") + e.what()};
    }
  }

  Result<Receipt> request_one(wire::Kind kind, std::string_view item) {
    std::string body;
    wire::Writer(body).array(1).raw(item);
    auto answer = request(kind, options.ack, body);
    if (!answer.ok()) return answer.error();
    return answer->receipt;
  }

  Result<Answer> exchange(wire::Kind kind, Ack ack, std::string_view body) {
    if (!socket) {
      socket = net::make_socket(context, net::Use::ingest_client);
      if (base::Status status = net::connect(socket, endpoint); !status.ok()) {
        socket = {};
        return sdk::to_public(status.error());
      }
    }
    const base::Micros until = base::monotonic_now() + options.timeout;
    wire::IngestHeader header;
    header.kind = kind;
    header.corr = ++corr;
    header.ack = sdk::to_wire(ack);
    header.token = options.token;
    if (ack == Ack::recorded)
      header.deadline_ms = static_cast<std::uint64_t>(
          std::clamp<std::int64_t>(options.timeout.count(), 1, wire::limits::deadline_ms_max));
    // It is writable only once a broker is there.
    while (!net::send(socket, {wire::write_ingest_header(header), body}))
      if (!wait(ZMQ_POLLOUT, until))
        return Error{Code::disconnected, fmt::format("no broker answers at {}; is it running?", endpoint)};
    if (ack == Ack::none) return Answer{};
    // The broker answers at the deadline at the latest; its answer needs time to get here.
    return read_reply(until + std::chrono::milliseconds(500));
  }

  Result<Answer> read_reply(base::Micros until) {
    std::vector<zmq::message_t> frames;
    std::size_t overrun = 0;
    while (true) {
      // The time counts too while answers come that are not ours.
      while (base::monotonic_now() < until && net::receive(socket, frames, 1, overrun)) {
        wire::Reply reply;
        for (wire::Bytes rest = net::view(frames[0]); !rest.empty();) {
          if (base::Status status = wire::read_reply(rest, reply); !status.ok())
            return sdk::to_public(status.error().within("the broker's reply"));
          if (reply.corr == corr || reply.corr == 0) return answer_of(reply);
          // Else it is to an earlier request that was given up.
        }
      }
      if (!wait(ZMQ_POLLIN, until)) {
        socket = {};  // an answer that comes later must not meet the next request
        return Error{Code::timed_out, fmt::format("no answer from the broker at {} in time; what was sent may still be "
                                                  "recorded",
                                                  endpoint)};
      }
    }
  }

  static Result<Answer> answer_of(const wire::Reply& reply) {
    if (!reply.ok()) return sdk::answered(reply.code, std::string(reply.message));
    Answer answer;
    answer.receipt = {reply.code == "recorded" ? Ack::recorded : Ack::received, reply.first_seq,
                      time_of(base::to_wire(reply.time))};
    if (auto detail = Value::parse(std::string(reply.detail)); detail.ok()) answer.detail = *detail;
    return answer;
  }

  bool wait(short events, base::Micros until) {
    const base::Micros left = until - base::monotonic_now();
    if (left.count() <= 0) return false;
    zmq::pollitem_t item{socket.handle(), 0, events, 0};
    sdk::wait_on({&item, 1}, left);
    return true;
  }

  Result<Receipt> command(std::string_view type, const std::string& agent_id, const Registration& registration,
                          const Person& person) {
    auto agent = sdk::to_wire(agent_id, 0, registration);
    if (!agent.ok()) return agent.error();
    if (Status status = sdk::check_text("by", person.by, wire::limits::by_bytes); !status.ok()) return status.error();
    if (Status status = sdk::check_text("why", person.why, wire::limits::text_bytes); !status.ok())
      return status.error();
    std::string packed;
    wire::Writer writer(packed);
    wire::write_command(writer, {std::string(type), person.by, person.why, std::move(agent).value()});
    return request_one(wire::Kind::command, packed);
  }
};

Commands::Commands(CommandOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Commands::~Commands() {
  if (impl_ && ::getpid() != impl_->pid) (void)impl_.release();  // the parent's socket
}
Commands::Commands(Commands&&) noexcept = default;
Commands& Commands::operator=(Commands&&) noexcept = default;

Result<Receipt> Commands::expect(const std::string& agent_id, const Registration& registration, const Person& person) {
  return impl_->command(wire::events::expected, agent_id, registration, person);
}

Result<Receipt> Commands::retire(const std::string& agent_id, const Person& person) {
  return impl_->command(wire::events::stopped, agent_id, {}, person);
}

Result<Receipt> Commands::forget(const std::string& agent_id, const Person& person) {
  return impl_->command(wire::events::forgotten, agent_id, {}, person);
}

Result<Value> Commands::status() {
  auto answer = impl_->request(wire::Kind::status, Ack::received, "\x80");
  if (!answer.ok()) return answer.error();
  return answer->detail;
}

Result<Receipt> Commands::register_agent(const std::string& agent_id, const Registration& registration) {
  const auto checked = sdk::to_wire(agent_id, 0, registration);
  if (!checked.ok()) return checked.error();
  std::string packed;
  wire::Writer writer(packed);
  wire::write_registration(writer, *checked);
  return impl_->request_one(wire::Kind::registration, packed);
}

Result<Receipt> Commands::beat(const std::string& agent_id, const BeatFields& fields) {
  if (Status status = sdk::check_agent_id(agent_id); !status.ok()) return status.error();
  if (Status status = sdk::check_fields(fields); !status.ok()) return status.error();
  const std::string metrics = sdk::pack_metrics(fields.metrics);
  wire::Beat beat;
  beat.agent_id = agent_id;
  if (fields.interval) beat.interval_ms = static_cast<std::uint64_t>(fields.interval->count());
  beat.sent_at = static_cast<std::uint64_t>(base::wall_now().count());
  if ((beat.has_activity = fields.activity.has_value())) beat.activity = *fields.activity;
  if ((beat.has_task = fields.task.has_value())) beat.task = *fields.task;
  if ((beat.has_progress = fields.progress.has_value())) beat.progress = *fields.progress;
  if ((beat.has_error_count = fields.error_count.has_value())) beat.error_count = *fields.error_count;
  if (fields.busy_for) beat.busy_for_ms = static_cast<std::uint64_t>(fields.busy_for->count());
  beat.busy_reason = fields.busy_reason;
  beat.metrics = metrics;
  std::string packed;
  wire::Writer writer(packed);
  wire::write_beat(writer, beat);
  return impl_->request_one(wire::Kind::beats, packed);
}

Result<Receipt> Commands::goodbye(const std::string& agent_id, const std::string& reason) {
  if (Status status = sdk::check_agent_id(agent_id); !status.ok()) return status.error();
  if (Status status = sdk::check_text("reason", reason, wire::limits::text_bytes); !status.ok()) return status.error();
  std::string packed;
  wire::Writer writer(packed);
  wire::write_goodbye(writer, {agent_id, 0, reason});
  return impl_->request_one(wire::Kind::goodbye, packed);
}

}  // namespace lifesign
