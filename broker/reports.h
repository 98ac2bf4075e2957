// What services report of themselves, kept for `status`; and the status itself. Pure; one thread.
#pragma once

#include <map>
#include <string>

#include "base/error.h"
#include "broker/counters.h"
#include "broker/sequencer.h"

namespace lifesign::broker {

class Reports {
 public:
  // The body of a `report`: {service, counters}. Keeps the newest of each service, of a bounded number of services.
  base::Status keep(wire::Bytes body, base::Micros monotonic);
  // The detail of a `status` reply.
  std::string status(const Sequencer& sequencer, const Counters& counters, base::Micros monotonic) const;

 private:
  struct Report {
    std::string counters;  // packed map
    base::Micros at{0};
  };
  std::map<std::string, Report> reports_;
};

}  // namespace lifesign::broker
