#include "recorder/writer.h"

#include <algorithm>

namespace lifesign::recorder {

Writer::Writer(CommitSink& sink, std::uint64_t durable, base::Micros retry_every, std::function<void()> told)
    : sink_(sink), retry_every_(retry_every), told_(std::move(told)) {
  report_.durable = durable;
  thread_ = std::thread([this] { run(); });
}

Writer::~Writer() {
  stop();
}

void Writer::push(Work work) {
  const std::size_t bytes = work.bytes();
  const std::lock_guard lock(mutex_);
  report_.queued_bytes += bytes;
  report_.queued_worst = std::max(report_.queued_worst, report_.queued_bytes);
  queue_.push_back(std::move(work));
  wake_.notify_one();
}

Writer::Report Writer::report() const {
  const std::lock_guard lock(mutex_);
  return report_;
}

void Writer::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void Writer::run() {
  std::deque<Work> works;  // taken off the queue, not on disk yet
  for (;;) {
    bool last = false;
    {
      std::unique_lock lock(mutex_);
      if (report_.full) {
        wake_.wait_for(lock, retry_every_, [this] { return stopping_; });
      } else {
        wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      }
      std::move(queue_.begin(), queue_.end(), std::back_inserter(works));
      queue_.clear();
      last = stopping_;
    }
    const bool good = works.empty() || commit(works);
    if (last || !good) return;
  }
}

// False: nothing may be written any more.
bool Writer::commit(std::deque<Work>& works) {
  const base::Micros began = base::monotonic_now();
  CommitResult result = sink_.commit(works);
  const auto took = static_cast<std::uint64_t>((base::monotonic_now() - began).count());
  {
    const std::lock_guard lock(mutex_);
    report_.commit_us_worst = std::max(report_.commit_us_worst, took);
    report_.full = result.fault == Fault::full;
    report_.failed = result.fault == Fault::fatal;
    if (result.fault == Fault::none) {
      ++report_.commits;
      report_.durable = works.back().position.seq;
      for (const Work& work : works) report_.queued_bytes -= work.bytes();
      works.clear();
    } else {
      ++report_.storage_errors;
      report_.message = std::move(result.message);
    }
  }
  told_();
  return result.fault != Fault::fatal;
}

}  // namespace lifesign::recorder
