// Wakes a thread that polls: an eventfd.
#pragma once

namespace lifesign::recorder {

class WakeFd {
 public:
  WakeFd();
  ~WakeFd();
  WakeFd(const WakeFd&) = delete;
  WakeFd& operator=(const WakeFd&) = delete;

  int fd() const { return fd_; }
  void wake() const;   // any thread
  void clear() const;  // the thread that polls

 private:
  int fd_;
};

}  // namespace lifesign::recorder
