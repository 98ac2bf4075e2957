// Agent: one agent's sign of life. A background thread beats at the interval for as long as this object lives, holds
// the connection, and sends again what was not acknowledged.
//
//   auto agent = Agent::start({.id = "web-1", .interval = std::chrono::seconds(10)});
//   if (!agent.ok()) return fail(agent.error().message);
//   (*agent)->activity("busy");
//   (*agent)->progress(17);
//
// Every method may be called from any thread and returns within microseconds, except those that take a timeout.
// A state that was set (activity, task, progress, ...) goes with each beat from the next one on.
//
// What is not acknowledged is kept under a bound (spool_*). After a reconnect the agent beats at once; what is older
// follows as backfill, with its age. When the bound is reached the oldest is dropped and counted in stats().
//
// In a forked child every call answers `forked`: start a new Agent there.
//
// An Agent must not be destroyed inside one of its own callbacks (on_error, the `done` of beat_recorded), nor by the
// last owner that such a callback lets go: its thread would wait for itself. The process is aborted with a message.
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lifesign/types.h"

namespace lifesign {

struct AgentOptions {
  std::string id;                  // 1 to 128 bytes of UTF-8, no control characters, no '/'
  std::string endpoint = {};       // empty: the environment's LIFESIGN_INGEST, else tcp://127.0.0.1:7400
  Millis interval{30'000};         // 10 ms to 366 days
  Registration registration = {};  // its `interval` is overridden by the one above
  Ack ack = Ack::recorded;         // what a background beat waits for before it leaves the spool
  Millis deadline{5'000};          // how long the broker may wait for the recorder before it answers; at most 60 s
  std::size_t spool_messages = 1'024;
  std::size_t spool_bytes = 1 << 20;
  bool goodbye_on_destruction = false;  // else a destroyed Agent just falls silent, as if it had died
  // How long at most the destructor lets the last messages leave and be answered. With no connection it waits for none,
  // but for the goodbye above.
  Millis linger{200};
  // Called on the background thread, for errors that no caller is waiting for. Must not block; exceptions from it are
  // swallowed. A new error of the same code is told at most once a second.
  std::function<void(const Error&)> on_error = {};
};

struct AgentStats {
  std::uint64_t made = 0;          // beats
  std::uint64_t acknowledged = 0;  // of these
  std::uint64_t resent = 0;        // sent again, as beats or backfill
  std::uint64_t dropped = 0;       // given up because the spool was full
  std::uint64_t refused = 0;       // by the broker, for good
  std::uint64_t connects = 0;
  std::uint64_t spooled = 0;  // waiting for their acknowledgement now
  bool connected = false;
  bool registered = false;  // the registration is recorded
};

class Agent {
 public:
  // invalid_agent_id, invalid_value or invalid_config (the sentence names the option); never waits for a broker.
  static Result<std::unique_ptr<Agent>> start(AgentOptions options);
  ~Agent();  // takes up to `linger`; not inside a callback of this Agent
  Agent(const Agent&) = delete;
  Agent& operator=(const Agent&) = delete;

  // Hands one beat over. queue_full: the background thread is behind by more than a bounded number.
  Status beat_now();
  // Hands one beat over and waits until it is recorded. At the timeout: the last answer it had (recorder_unavailable,
  // overloaded), else disconnected or timed_out; the beat stays in the spool and is still sent.
  Result<Receipt> beat_recorded(Millis timeout);
  // The same without waiting. `done` is called once, on the background thread, or on the caller's with an error at
  // once: recorded; queue_full (dropped from the spool); refused; closed. It must not block.
  void beat_recorded(std::function<void(Result<Receipt>)> done);
  std::future<Result<Receipt>> beat_future();

  Status activity(std::string_view what);  // busy, idle ...; at most 64 bytes
  Status task(std::string_view id);        // at most 256 bytes; "" = none
  Status progress(std::uint64_t counter);  // moves while work gets done
  Status error_count(std::uint64_t count);
  Status metrics(std::map<std::string, double> values);  // at most 32; replaces the earlier ones
  // A declared wait: beats may stay away this long (at most 24 h) with no alarm. Told at once. 0 ends it.
  Status busy_for(Millis duration, std::string_view reason);
  // Changes the interval from now on, and beats at once to say so.
  Status interval(Millis interval);

  // Says that the agent stops on purpose and waits until that is recorded. From then on it does not beat.
  Result<Receipt> goodbye(std::string_view reason, Millis timeout);

  const std::string& id() const;
  std::uint64_t run() const;  // random, chosen at start
  AgentStats stats() const;
  std::optional<Error> last_error() const;

 private:
  struct Impl;
  explicit Agent(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace lifesign
