// A subscriber: prints events as JSON, one a line; with SINCE, history first.
//
//   example_watch SECONDS [SINCE|-] [EVENTS_ENDPOINT QUERY_ENDPOINT]
#include <lifesign/subscriber.h>

#include <cstdio>
#include <cstdlib>
#include <string>

using Clock = std::chrono::steady_clock;

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s SECONDS [SINCE|-] [EVENTS_ENDPOINT QUERY_ENDPOINT]\n", argv[0]);
    return 2;
  }
  lifesign::SubscriberOptions options;
  if (argc > 2 && std::string(argv[2]) != "-") options.since = std::strtoull(argv[2], nullptr, 10);
  if (argc > 4) {
    options.events_endpoint = argv[3];
    options.query_endpoint = argv[4];
  }
  lifesign::Subscriber events(options);

  const auto end = Clock::now() + std::chrono::seconds(std::atoi(argv[1]));
  while (Clock::now() < end) {
    const auto item = events.next(std::chrono::ceil<lifesign::Millis>(end - Clock::now()));
    if (!item.ok()) {
      std::fprintf(stderr, "%s\n", item.error().message.c_str());
      return 1;
    }
    if (!item->has_value()) continue;  // nothing came in time
    if (const auto* event = std::get_if<lifesign::Event>(&**item)) {
      std::printf("%s\n", lifesign::to_json(event->fields).c_str());
    } else {
      const auto& gap = std::get<lifesign::Gap>(**item);
      std::printf("{\"gap\":[%llu,%llu],\"why\":%s}\n", static_cast<unsigned long long>(gap.since),
                  static_cast<unsigned long long>(gap.until), lifesign::json_text(gap.reason.message).c_str());
    }
    std::fflush(stdout);
  }
  return 0;
}
