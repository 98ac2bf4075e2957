// The demonstration fleet: real child processes that beat, hang, are killed, leave and return as demo_plan.h says.
// Main thread.
#pragma once

#include <map>
#include <string>

#include "cli/child.h"
#include "cli/context.h"
#include "cli/demo_plan.h"

namespace lifesign::cli::demo {

class Fleet {
 public:
  Fleet(const Context& context, std::string program) : context_(context), program_(std::move(program)) {}

  // Does what is due since the last call.
  void step(base::Micros now);
  // All say goodbye, and are waited for.
  void stop();

 private:
  void act(const Step& step);
  void expect_ghost() const;

  const Context& context_;
  std::string program_;
  base::Micros began_{-1};
  base::Micros done_{-1};
  std::map<std::string, Child, std::less<>> agents_;
};

}  // namespace lifesign::cli::demo
