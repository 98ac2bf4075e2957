// The writer thread: takes all that is queued, commits it at once, tells how far the disk holds the log.
//
//   state  | commit ok        | full                          | fatal          | stop
//   going  | durable rises    | -> full                       | -> failed      | commits what is queued, ends
//   full   | durable, -> going| same works again in a second  | -> failed      | tries once more, ends
//   failed |                  |                               |                | ends; nothing is tried again
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "base/time.h"
#include "recorder/commit_store.h"
#include "recorder/work.h"

namespace lifesign::recorder {

class Writer {
 public:
  struct Report {
    std::uint64_t durable = 0;  // last seq that is through an fsync
    std::uint64_t queued_bytes = 0;
    std::uint64_t queued_worst = 0;
    std::uint64_t commits = 0;
    std::uint64_t commit_us_worst = 0;
    std::uint64_t storage_errors = 0;
    bool full = false;
    bool failed = false;
    std::string message;  // of the last fault
  };

  // `told` is called on the writer's thread after each change of the report. `sink` must outlive this.
  Writer(CommitSink& sink, std::uint64_t durable, base::Micros retry_every, std::function<void()> told);
  ~Writer();  // as stop()

  // Any thread. Never waits: who pushes looks at queued_bytes and keeps the bound.
  void push(Work work);
  Report report() const;

  // Commits what is queued (once: a full disk is not waited for) and ends the thread.
  void stop();

 private:
  void run();
  bool commit(std::deque<Work>& works);

  CommitSink& sink_;
  const base::Micros retry_every_;
  const std::function<void()> told_;

  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Work> queue_;
  Report report_;
  bool stopping_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace lifesign::recorder
