// The latest keys of verdicts and goodbyes: a bounded memory of what need not be said again. Pure; one thread.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <unordered_set>

namespace lifesign::broker {

class KeyWindow {
 public:
  explicit KeyWindow(std::size_t max_keys) : max_keys_(max_keys) {}

  bool contains(const std::string& key) const { return keys_.contains(key); }
  // False: it was there already. The oldest key leaves when the window is full.
  bool insert(std::string key) {
    const auto [where, fresh] = keys_.insert(std::move(key));
    if (!fresh) return false;
    order_.push_back(&*where);  // elements of a node-based set stay where they are
    if (order_.size() > max_keys_) {
      keys_.erase(keys_.find(*order_.front()));
      order_.pop_front();
    }
    return true;
  }
  std::size_t size() const { return keys_.size(); }
  void clear() {
    keys_.clear();
    order_.clear();
  }

 private:
  const std::size_t max_keys_;
  std::unordered_set<std::string> keys_;
  std::deque<const std::string*> order_;
};

}  // namespace lifesign::broker
