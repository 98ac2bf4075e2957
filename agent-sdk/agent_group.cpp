#include "lifesign/agent_group.h"

#include <algorithm>

#include "beat_loop.h"
#include "check.h"
#include "wire/limits.h"

namespace lifesign {

using sdk::BeatLoop;

struct AgentGroup::Impl {
  std::unique_ptr<BeatLoop> loop;
};

namespace {

// Enough for one burst of beats, registrations or goodbyes of every agent of a large group.
constexpr std::size_t handover = 65'536;

std::uint64_t number(AgentGroup::Handle handle) {
  return static_cast<std::uint64_t>(handle);
}

}  // namespace

Result<std::unique_ptr<AgentGroup>> AgentGroup::start(GroupOptions options) {
  sdk::LoopOptions loop_options;
  loop_options.endpoint = sdk::endpoint_or_default(options.endpoint, "LIFESIGN_INGEST", 7400);
  loop_options.ack = options.ack;
  loop_options.deadline = options.deadline;
  loop_options.spool.items = options.spool_messages;
  loop_options.spool.bytes = options.spool_bytes;
  loop_options.handover = handover;
  loop_options.requests = std::max(handover, options.spool_messages);
  loop_options.linger = options.linger;
  loop_options.on_error = std::move(options.on_error);
  auto loop = BeatLoop::start(std::move(loop_options));
  if (!loop.ok()) return loop.error();
  auto impl = std::make_unique<Impl>();
  impl->loop = std::move(loop).value();
  return std::unique_ptr<AgentGroup>(new AgentGroup(std::move(impl)));
}

AgentGroup::AgentGroup(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

AgentGroup::~AgentGroup() {
  // In a forked child the thread is not there and the socket is the parent's.
  if (impl_->loop->forked()) (void)impl_.release();
}

Result<AgentGroup::Handle> AgentGroup::add(Member member) {
  const auto handle = impl_->loop->add(std::move(member.id), member.interval, member.registration, true);
  if (!handle.ok()) return handle.error();
  return Handle{*handle};
}

Status AgentGroup::remove(Handle handle) {
  return impl_->loop->remove(number(handle));
}

Status AgentGroup::goodbye(Handle handle, std::string_view reason) {
  return impl_->loop->goodbye(number(handle), reason, true, {});
}

Status AgentGroup::beat(Handle handle) {
  return impl_->loop->beat(number(handle), {});
}

Status AgentGroup::activity(Handle handle, std::string_view what) {
  if (Status status = sdk::check_text("activity", what, wire::limits::short_text_bytes); !status.ok()) return status;
  return impl_->loop->change(
      number(handle), [what](sdk::Member& m, base::Micros) { m.activity = what; }, false);
}

Status AgentGroup::task(Handle handle, std::string_view id) {
  if (Status status = sdk::check_text("task", id, wire::limits::text_bytes); !status.ok()) return status;
  return impl_->loop->change(
      number(handle), [id](sdk::Member& m, base::Micros) { m.task = id; }, false);
}

Status AgentGroup::progress(Handle handle, std::uint64_t counter) {
  return impl_->loop->change(
      number(handle), [counter](sdk::Member& m, base::Micros) { m.progress = counter; }, false);
}

std::size_t AgentGroup::size() const {
  return impl_->loop->forked() ? 0 : impl_->loop->size();
}
AgentStats AgentGroup::stats() const {
  return impl_->loop->forked() ? AgentStats{} : impl_->loop->stats();
}

std::optional<Error> AgentGroup::last_error() const {
  if (impl_->loop->forked()) return Error{Code::forked, "this group belongs to the parent process"};
  return impl_->loop->last_error();
}

}  // namespace lifesign
