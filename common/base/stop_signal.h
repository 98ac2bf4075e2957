// SIGINT and SIGTERM as a file descriptor to poll, so that a process stops between two steps and not in the midst of
// one.
#pragma once

namespace lifesign::base {

// Make it first thing in main, before any thread: it blocks both signals for all threads that come later.
class StopSignal {
 public:
  StopSignal();
  ~StopSignal();
  StopSignal(const StopSignal&) = delete;
  StopSignal& operator=(const StopSignal&) = delete;

  int fd() const { return fd_; }  // readable once a signal came
  bool raised();                  // reads it; stays true

 private:
  int fd_;
  bool raised_ = false;
};

}  // namespace lifesign::base
