// The TOML file of settings: refused with a place, or every setting is within its bounds.
#include "config/settings.h"
#include "scratch.h"
#include "target.h"

namespace lifesign::fuzz {

void run(std::string_view bytes) {
  std::string text = "x";
  bool flag = false;
  std::uint64_t number = 5, size = 1 << 20;
  base::Micros duration = std::chrono::seconds(1);
  config::Settings settings("lifesign-broker", "");
  settings.text("data", text, "a text");
  settings.flag("broker.flag", flag, "a flag");
  settings.number("broker.number", number, 1, 10, "", "a number");
  settings.size("broker.ring", size, 1 << 10, 1ull << 40, "a size");
  settings.duration("broker.wait", duration, std::chrono::milliseconds(1), std::chrono::hours(1), "a duration");
  const ScratchFile file(bytes);
  const std::string path = file.path();
  const char* arguments[] = {"lifesign-broker", "--config", path.c_str()};
  const auto loaded = settings.load(3, arguments);
  if (!loaded.ok()) {
    LIFESIGN_ASSERT(!loaded.error().message.empty(), "refused without a word");
    return;
  }
  LIFESIGN_ASSERT(number >= 1 && number <= 10 && size >= 1 << 10 && size <= 1ull << 40, "{} and {}", number, size);
  LIFESIGN_ASSERT(duration >= std::chrono::milliseconds(1) && duration <= std::chrono::hours(1), "{} µs",
                  duration.count());
}

}  // namespace lifesign::fuzz
