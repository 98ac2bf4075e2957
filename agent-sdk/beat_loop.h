// BeatLoop: the background thread behind Agent and AgentGroup. It owns the connection, the spool and the timers;
// callers hand beats over under a mutex that is never held across a system call other than the wake-up.
//
//   caller: make_beat -> handover_ -> wake        loop: replies -> spool; handover_, timers -> spool -> socket
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <queue>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "connection.h"
#include "courier.h"
#include "lifesign/agent.h"
#include "member.h"
#include "spool.h"

namespace lifesign::sdk {

struct LoopOptions {
  std::string endpoint;
  Ack ack = Ack::recorded;
  Millis deadline{5'000};
  SpoolLimits spool;
  std::size_t handover = 1'024;  // beats that callers may hand over before the thread has taken them
  std::size_t requests = 1'024;  // registrations, and as many goodbyes, that may wait for the broker to record them
  Millis linger{200};
  std::function<void(const Error&)> on_error;
};

class BeatLoop {
 public:
  using Done = std::function<void(Result<Receipt>)>;

  static Result<std::unique_ptr<BeatLoop>> start(LoopOptions options);
  ~BeatLoop();  // stops with the whole linger; not to be run in a forked child
  BeatLoop(const BeatLoop&) = delete;
  BeatLoop& operator=(const BeatLoop&) = delete;

  bool forked() const;
  // Lets what was handed over leave and be answered, but not beyond `linger`; from then on nothing is taken.
  void stop(base::Micros linger);
  // A callback of ours must not destroy us: the thread would wait for its own end.
  void assert_outside() const;

  // `spread`: the second beat comes at a random phase of the interval. The first one is due at once.
  Result<std::uint64_t> add(std::string id, Millis interval, const std::optional<Registration>& registration,
                            bool spread);
  Status remove(std::uint64_t handle);
  // Calls change(Member&) under the lock; it must be quick. `tell`: beat at once.
  Status change(std::uint64_t handle, const std::function<void(Member&, base::Micros now)>& change, bool tell);
  // With `done` the beat asks for `recorded`, and `done` is called on the thread once its fate is known; not when an
  // error is returned.
  Status beat(std::uint64_t handle, Done done);
  Status goodbye(std::uint64_t handle, std::string_view reason, bool remove, Done done);

  std::uint64_t run_of(std::uint64_t handle) const;
  std::size_t size() const;
  AgentStats stats() const;
  std::optional<Error> last_error() const;
  // Why nothing is acknowledged at present: for a caller whose patience is over.
  Error trouble() const;

 private:
  struct Handover {
    SpoolItem item;
    Done done;
  };
  struct Goodbye {
    std::uint64_t key;
    std::string packed;
    Done done;
  };
  using Due = std::pair<base::Micros, std::uint64_t>;

  explicit BeatLoop(LoopOptions options);
  Status refuse(std::uint64_t handle) const;                                                   // locked
  void hand_over(Member& member, std::uint64_t handle, base::Micros now, Ack ack, Done done);  // locked
  void arm(Member& member, std::uint64_t handle, base::Micros due);                            // locked

  void run();
  void cycle();
  void settle();
  void take_in(base::Micros now);
  void watch_connection(base::Micros now);
  void take_replies(base::Micros now);
  void take_reply(const wire::Reply& reply, base::Micros now);
  void take_handover(base::Micros now);
  void make_due_beats(base::Micros now);
  void add_to_spool(SpoolItem item, Done done, base::Micros now);
  void pump(base::Micros now);
  bool send(wire::Kind kind, Ack ack, std::uint64_t corr, std::string_view body);
  base::Micros wake_at(base::Micros now) const;
  void wait(base::Micros now);
  void report(Error error, base::Micros now);
  void finish(Done done, Result<Receipt> result);
  void publish_and_call();

  const LoopOptions options_;
  const int pid_;
  std::unique_ptr<Connection> connection_;

  mutable std::mutex mutex_;  // guards this block
  std::unordered_map<std::uint64_t, Member> members_;
  std::unordered_set<std::string> ids_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> timers_;
  std::vector<Handover> handover_;
  std::vector<std::pair<std::uint64_t, std::string>> new_registrations_;
  std::vector<Goodbye> new_goodbyes_;
  std::vector<std::uint64_t> forgotten_;
  std::unordered_set<std::uint64_t> withdrawn_;  // of these the registration need not be sent any more
  std::uint64_t next_handle_ = 1;
  std::size_t registrations_kept_ = 0, goodbyes_kept_ = 0;  // by the couriers, as last seen
  bool stopping_ = false;
  base::Micros linger_until_{0};
  std::uint64_t made_ = 0;
  AgentStats published_;
  std::optional<Error> last_error_;
  std::optional<Error> trouble_;

  // The thread's own.
  Spool spool_;
  Courier registrations_;
  Courier goodbyes_;
  std::unordered_map<std::uint64_t, Done> waiting_;           // by the spool's order
  std::unordered_map<std::uint64_t, Done> waiting_goodbyes_;  // by key
  std::vector<std::pair<Done, Result<Receipt>>> finished_;
  std::vector<std::uint64_t> to_beat_;  // everybody, after a reconnect
  std::vector<std::pair<Code, base::Micros>> reported_;
  AgentStats stats_;
  std::uint64_t next_corr_ = 1;
  bool any_registered_ = false, any_registration_refused_ = false;
  bool send_failed_ = false;
  bool more_due_ = false;

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace lifesign::sdk
