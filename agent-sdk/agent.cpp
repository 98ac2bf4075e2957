#include "lifesign/agent.h"

#include "beat_loop.h"
#include "check.h"
#include "wire/limits.h"

namespace lifesign {

using sdk::BeatLoop;
using sdk::Member;

struct Agent::Impl {
  std::string id;
  std::unique_ptr<BeatLoop> loop;
  std::uint64_t handle = 0;
  std::uint64_t run = 0;
  bool goodbye_on_destruction = false;
  Millis linger{200};

  Status set(const std::function<void(Member&, base::Micros)>& change, bool tell = false) {
    return loop->change(handle, change, tell);
  }
};

Result<std::unique_ptr<Agent>> Agent::start(AgentOptions options) {
  if (Status status = sdk::check_agent_id(options.id); !status.ok()) return status.error();
  if (Status status = sdk::check_interval(options.interval); !status.ok()) return status.error();
  sdk::LoopOptions loop_options;
  loop_options.endpoint = sdk::endpoint_or_default(options.endpoint, "LIFESIGN_INGEST", 7400);
  loop_options.ack = options.ack;
  loop_options.deadline = options.deadline;
  loop_options.spool.items = options.spool_messages;
  loop_options.spool.bytes = options.spool_bytes;
  loop_options.linger = options.linger;
  loop_options.on_error = std::move(options.on_error);
  auto loop = BeatLoop::start(std::move(loop_options));
  if (!loop.ok()) return loop.error();
  const auto handle = (*loop)->add(options.id, options.interval, options.registration, false);
  if (!handle.ok()) return handle.error();

  auto impl = std::make_unique<Impl>();
  impl->id = std::move(options.id);
  impl->loop = std::move(loop).value();
  impl->handle = *handle;
  impl->run = impl->loop->run_of(*handle);
  impl->goodbye_on_destruction = options.goodbye_on_destruction;
  impl->linger = options.linger;
  return std::unique_ptr<Agent>(new Agent(std::move(impl)));
}

Agent::Agent(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Agent::~Agent() {
  if (impl_->loop->forked()) {
    // The thread is not in this process, and the socket is the parent's: there is nothing to stop and nothing to touch.
    (void)impl_.release();
    return;
  }
  impl_->loop->assert_outside();
  const base::Micros until = base::boot_now() + impl_->linger;
  if (impl_->goodbye_on_destruction) (void)goodbye("", impl_->linger);
  impl_->loop->stop(until - base::boot_now());
}

Status Agent::beat_now() {
  return impl_->loop->beat(impl_->handle, {});
}

Result<Receipt> Agent::beat_recorded(Millis timeout) {
  auto future = beat_future();
  if (future.wait_for(timeout) == std::future_status::ready) return future.get();
  return impl_->loop->trouble();
}

void Agent::beat_recorded(std::function<void(Result<Receipt>)> done) {
  // The loop calls `done` only when it has taken the beat; a copy is kept for when it has not.
  const Status status = impl_->loop->beat(
      impl_->handle, done ? done : [](Result<Receipt>) {});
  if (!status.ok() && done) done(status.error());
}

std::future<Result<Receipt>> Agent::beat_future() {
  auto promise = std::make_shared<std::promise<Result<Receipt>>>();
  auto future = promise->get_future();
  beat_recorded([promise](Result<Receipt> result) { promise->set_value(std::move(result)); });
  return future;
}

Status Agent::activity(std::string_view what) {
  if (Status status = sdk::check_text("activity", what, wire::limits::short_text_bytes); !status.ok()) return status;
  return impl_->set([what](Member& member, base::Micros) { member.activity = what; });
}

Status Agent::task(std::string_view id) {
  if (Status status = sdk::check_text("task", id, wire::limits::text_bytes); !status.ok()) return status;
  return impl_->set([id](Member& member, base::Micros) { member.task = id; });
}

Status Agent::progress(std::uint64_t counter) {
  return impl_->set([counter](Member& member, base::Micros) { member.progress = counter; });
}

Status Agent::error_count(std::uint64_t count) {
  return impl_->set([count](Member& member, base::Micros) { member.error_count = count; });
}

Status Agent::metrics(std::map<std::string, double> values) {
  if (Status status = sdk::check_metrics(values); !status.ok()) return status;
  std::string packed = sdk::pack_metrics(values);
  return impl_->set([&packed](Member& member, base::Micros) { member.metrics = std::move(packed); });
}

Status Agent::busy_for(Millis duration, std::string_view reason) {
  if (Status status = sdk::check_busy_for(duration); !status.ok()) return status;
  if (Status status = sdk::check_text("busy_reason", reason, wire::limits::text_bytes); !status.ok()) return status;
  return impl_->set(
      [&](Member& member, base::Micros now) {
        member.busy_until = duration.count() == 0 ? base::Micros{0} : now + duration;
        member.busy_reason = reason;
      },
      true);
}

Status Agent::interval(Millis interval) {
  if (Status status = sdk::check_interval(interval); !status.ok()) return status;
  return impl_->set([interval](Member& member, base::Micros) { member.interval = interval; }, true);
}

Result<Receipt> Agent::goodbye(std::string_view reason, Millis timeout) {
  auto promise = std::make_shared<std::promise<Result<Receipt>>>();
  auto future = promise->get_future();
  const Status status = impl_->loop->goodbye(
      impl_->handle, reason, false, [promise](Result<Receipt> result) { promise->set_value(std::move(result)); });
  if (!status.ok()) return status.error();
  if (future.wait_for(timeout) == std::future_status::ready) return future.get();
  return impl_->loop->trouble();
}

const std::string& Agent::id() const {
  return impl_->id;
}
std::uint64_t Agent::run() const {
  return impl_->run;
}
AgentStats Agent::stats() const {
  return impl_->loop->forked() ? AgentStats{} : impl_->loop->stats();
}

std::optional<Error> Agent::last_error() const {
  if (impl_->loop->forked()) return Error{Code::forked, "this agent belongs to the parent process"};
  return impl_->loop->last_error();
}

}  // namespace lifesign
