// A consumer's end of the log feed: one connection to the broker at a time, made again when it breaks, what came by it
// in order. What recorder and watchdog have in common; the rules on what may follow are their own.
#pragma once

#include <deque>
#include <functional>
#include <string>

#include "sim/link.h"
#include "wire/log.h"

namespace lifesign::sim {

class Feed {
 public:
  using Dial = std::function<LinkPtr()>;  // null: nobody answers
  Feed(Timeline& timeline, Dial dial, std::function<void()> woken)
      : timeline_(timeline), dial_(std::move(dial)), woken_(std::move(woken)) {}

  // A new connection: what was under way on the old one must not be taken for an answer to the new `start`.
  void open() {
    close();
    link_ = dial_();
    if (!link_) return;
    link_->end(Side::client) = {[this](const Message& m) {
                                  inbox_.push_back(m);
                                  woken_();
                                },
                                [this] {
                                  lost_ = true;
                                  woken_();
                                }};
  }
  void close() {
    if (link_) {
      link_->leave(Side::client);
      link_->cut(link_, Micros(0), std::chrono::milliseconds(1));
    }
    link_.reset();
    inbox_.clear();
    lost_ = false;
  }
  bool is_open() const { return link_ != nullptr && !lost_; }
  const LinkPtr& link() const { return link_; }
  bool take_lost() { return std::exchange(lost_, false); }
  bool send(const wire::LogRequest& request) {
    if (!is_open()) return false;
    link_->send(link_, Side::server, {wire::write_log_request(request), nullptr});
    return true;
  }
  bool next(Message& out) {
    if (inbox_.empty()) return false;
    out = std::move(inbox_.front());
    inbox_.pop_front();
    return true;
  }

 private:
  Timeline& timeline_;
  const Dial dial_;
  const std::function<void()> woken_;
  LinkPtr link_;
  std::deque<Message> inbox_;
  bool lost_ = false;
};

}  // namespace lifesign::sim
