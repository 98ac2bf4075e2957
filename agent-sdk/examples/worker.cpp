// An agent: does a little work, says so, and says goodbye.
//
//   example_worker AGENT [ENDPOINT]
#include <lifesign/agent.h>

#include <cstdio>
#include <map>
#include <string>

using namespace std::chrono_literals;

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s AGENT [ENDPOINT]\n", argv[0]);
    return 2;
  }
  lifesign::AgentOptions options;
  options.id = argv[1];
  options.endpoint = argc > 2 ? argv[2] : "";
  options.interval = 10s;
  options.registration.type = "worker";
  options.registration.labels = std::map<std::string, std::string>{{"zone", "a"}};
  options.on_error = [](const lifesign::Error& error) {
    std::fprintf(stderr, "lifesign: %s\n", error.message.c_str());
  };

  auto started = lifesign::Agent::start(options);
  if (!started.ok()) {
    std::fprintf(stderr, "%s\n", started.error().message.c_str());
    return 1;
  }
  lifesign::Agent& agent = **started;

  (void)agent.activity("busy");
  for (std::uint64_t item = 1; item <= 3; ++item) {
    (void)agent.task("item-" + std::to_string(item));
    // ... the work itself ...
    (void)agent.progress(item);
  }
  (void)agent.activity("idle");

  const auto receipt = agent.beat_recorded(10s);
  if (!receipt.ok()) {
    const auto code = lifesign::code_name(receipt.error().code);
    std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(code.size()), code.data(), receipt.error().message.c_str());
    return 1;
  }
  std::printf("beat %llu is recorded\n", static_cast<unsigned long long>(receipt->seq));
  return agent.goodbye("work is done", 10s).ok() ? 0 : 1;
}
