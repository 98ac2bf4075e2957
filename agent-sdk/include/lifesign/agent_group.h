// AgentGroup: many agents over one socket and one background thread, their beats batched: all that are due go in
// messages of up to 4,096 beats or 64 KiB. For device gateways, pools of workers, load tests.
//
// As Agent: safe from several threads, never waits for the network, keeps under a bound what is not acknowledged, beats
// for everybody at once after a reconnect and sends what is older as backfill. In a forked child: `forked`. Not to be
// destroyed inside its own on_error: the process is aborted with a message.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lifesign/agent.h"
#include "lifesign/types.h"

namespace lifesign {

struct GroupOptions {
  std::string endpoint = {};  // as in AgentOptions
  Ack ack = Ack::recorded;
  Millis deadline{5'000};
  std::size_t spool_messages = 65'536;  // beats, of all agents together; also the most agents that a group can have
  std::size_t spool_bytes = 32 << 20;
  Millis linger{200};  // how long at most the destructor lets goodbyes, registrations and beats leave and be answered
  std::function<void(const Error&)> on_error = {};  // as in AgentOptions
};

struct Member {
  std::string id;
  Millis interval{30'000};
  std::optional<Registration> registration = {};  // none: it only beats
};

class AgentGroup {
 public:
  // Of one agent; stays unique within its group.
  enum class Handle : std::uint64_t {};

  static Result<std::unique_ptr<AgentGroup>> start(GroupOptions options);
  ~AgentGroup();  // takes up to `linger`; not inside on_error
  AgentGroup(const AgentGroup&) = delete;
  AgentGroup& operator=(const AgentGroup&) = delete;

  // The first beat goes at once, the next ones at a random phase of the interval. invalid_agent_id, invalid_value;
  // busy when the id is in the group already; queue_full when the group is (see spool_messages), or for a moment when
  // agents are added faster than the thread takes them, or while as many registrations wait for a broker.
  Result<Handle> add(Member member);
  // Without a goodbye the agent just falls silent. A registration that was not sent yet is not sent any more.
  Status remove(Handle handle);
  // And removes it. queue_full: as many goodbyes as spool_messages (at least 65,536) wait for the broker to record
  // them; the agent stays.
  Status goodbye(Handle handle, std::string_view reason);

  // not_found for a handle that was removed.
  Status beat(Handle handle);
  Status activity(Handle handle, std::string_view what);
  Status task(Handle handle, std::string_view id);
  Status progress(Handle handle, std::uint64_t counter);

  std::size_t size() const;
  AgentStats stats() const;  // summed over all
  std::optional<Error> last_error() const;

 private:
  struct Impl;
  explicit AgentGroup(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lifesign
