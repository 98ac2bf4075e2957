// Asks the recorder: one agent, or all of a status, page by page.
//
//   example_query AGENT [ENDPOINT]
//   example_query --status STATUS [ENDPOINT]
#include <lifesign/query.h>

#include <cstdio>
#include <string>

namespace {

int fail(const lifesign::Error& error) {
  std::fprintf(stderr, "%s\n", error.message.c_str());
  return error.code == lifesign::Code::not_found ? 3 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const bool by_status = argc > 2 && std::string(argv[1]) == "--status";
  const int endpoint_at = by_status ? 3 : 2;
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s AGENT [ENDPOINT] | --status STATUS [ENDPOINT]\n", argv[0]);
    return 2;
  }
  lifesign::Query query({.endpoint = argc > endpoint_at ? argv[endpoint_at] : ""});
  if (!by_status) {
    const auto agent = query.agent(argv[1]);
    if (!agent.ok()) return fail(agent.error());
    std::printf("%s\n", lifesign::to_json(*agent).c_str());
    return 0;
  }
  lifesign::AgentsRequest request;
  request.status = argv[2];
  do {
    const auto page = query.agents(request);
    if (!page.ok()) return fail(page.error());
    for (const lifesign::Value& agent : (*page)["agents"].items())
      std::printf("%s\n", agent["agent_id"].text_or("").c_str());
    request.cursor = (*page)["cursor"];
  } while (request.cursor.exists() && request.cursor.type() != lifesign::Value::Type::nil);
  return 0;
}
