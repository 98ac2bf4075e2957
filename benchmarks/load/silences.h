// When each group of agents really was silent, and so which timeouts are true. Pure; the sender's thread writes, and
// reading is for after it has ended.
//
// A silence is a time without a message of a group that is longer than its agents promise, planned or not: where the
// load could not be sent in time, a timeout is no fault of the system under test.
#pragma once

#include <cstdint>
#include <vector>

#include "base/time.h"

namespace lifesign::load {

class Silences {
 public:
  // At most `max_kept` silences are kept; past that full() says that timeouts can no longer be told apart.
  Silences(std::size_t groups, base::Micros promise, std::size_t max_kept = 1 << 22);

  void sent(std::uint32_t group, base::Micros now);  // times on one clock; never backwards
  // Was the group silent at `deadline`, so that a timeout of one of its agents is true? Sorts at the first call.
  bool cover(std::uint32_t group, base::Micros deadline);
  bool full() const { return full_; }

 private:
  struct Silence {
    std::uint32_t group;
    base::Micros from, to;
  };
  std::vector<base::Micros> last_;
  std::vector<Silence> kept_;
  base::Micros promise_;
  std::size_t max_kept_;
  bool full_ = false, sorted_ = false;
};

}  // namespace lifesign::load
