// Many agents over one socket: a gateway that beats for its devices.
//
//   example_group COUNT [ENDPOINT]
#include <lifesign/agent_group.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

using namespace std::chrono_literals;

int main(int argc, char** argv) {
  const std::uint64_t count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 0;
  if (count == 0) {
    std::fprintf(stderr, "usage: %s COUNT [ENDPOINT]\n", argv[0]);
    return 2;
  }
  auto started = lifesign::AgentGroup::start({.endpoint = argc > 2 ? argv[2] : ""});
  if (!started.ok()) {
    std::fprintf(stderr, "%s\n", started.error().message.c_str());
    return 1;
  }
  lifesign::AgentGroup& group = **started;
  for (std::uint64_t i = 1; i <= count; ++i) {
    const auto device = group.add({.id = "device-" + std::to_string(i), .interval = 30s});
    if (!device.ok()) {
      std::fprintf(stderr, "%s\n", device.error().message.c_str());
      return 1;
    }
    (void)group.activity(*device, "measuring");
  }
  // A gateway would go on with its own work here. This one waits until each device was heard once.
  for (const auto end = std::chrono::steady_clock::now() + 20s; group.stats().acknowledged < count;
       std::this_thread::sleep_for(10ms))
    if (std::chrono::steady_clock::now() > end) {
      const auto error = group.last_error();
      std::fprintf(stderr, "%s\n", error ? error->message.c_str() : "no answer");
      return 1;
    }
  std::printf("%zu devices are recorded\n", group.size());
  return 0;
}
