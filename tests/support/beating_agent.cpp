// An agent of the SDK as a process of its own: it beats until it is killed.

#include <unistd.h>

#include <iostream>
#include <string>

#include "lifesign/agent.h"

int main(int argc, char** argv) {
  using namespace lifesign;
  if (argc != 4) {
    std::cerr << "usage: beating_agent ID ENDPOINT INTERVAL_MS\n";
    return 2;
  }
  auto agent = Agent::start({.id = argv[1],
                             .endpoint = argv[2],
                             .interval = Millis(std::stoi(argv[3])),
                             .registration = {.grace = Millis(std::stoi(argv[3]))}});
  if (!agent.ok()) {
    std::cerr << agent.error().message << "\n";
    return 1;
  }
  for (;;) ::pause();
}
