// What the documents tell a user to type works: every ```console block of README and docs/ is run, line by line, on a
// live system, in the order in which it stands.
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "support/system.h"

using namespace lifesign;
using namespace lifesign::tests;

namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// The lines behind "$ " in console blocks; a line that ends in a backslash goes on with the next.
std::vector<std::string> commands_of(const std::filesystem::path& document) {
  std::istringstream in(read_file(document));
  std::vector<std::string> commands;
  bool inside = false, open = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("```")) {
      inside = line.starts_with("```console");
      open = false;
    } else if (inside && open) {
      commands.back() += "\n" + line;
      open = line.ends_with('\\');
    } else if (inside && line.starts_with("$ ")) {
      commands.push_back(line.substr(2));
      open = line.ends_with('\\');
    }
  }
  return commands;
}

// As a user's shell would run it, with the programs on the PATH and the data folder in the environment.
int run_in_shell(const System& system, const std::string& command, std::string& output) {
  const std::string log = system.dir() / "shell.out";
  std::filesystem::remove(log);
  Child shell("/usr/bin/env",
              {"PATH=" LIFESIGN_BIN_DIR ":/usr/bin:/bin", "LIFESIGN_DATA=" + system.dir().string(),
               "LIFESIGN_INGEST=" + system.endpoint("ingest"), "LIFESIGN_EVENTS=" + system.endpoint("events"),
               "LIFESIGN_QUERY=" + system.endpoint("query"), "bash", "-c",
               "cd " LIFESIGN_SOURCE_DIR " && { " + command + "\n}"},
              log);
  const int code = shell.wait();
  output = shell.output();
  return code;
}

std::string without_code(const std::string& text) {
  std::istringstream in(text);
  std::string out;
  bool code = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("```"))
      code = !code;
    else if (!code)
      out += line + "\n";
  }
  return out;
}

}  // namespace

TEST_CASE("every command that README and docs show runs", "[process][docs]") {
  std::vector<std::filesystem::path> documents = {LIFESIGN_SOURCE_DIR "/README.md"};
  for (const auto& entry : std::filesystem::directory_iterator(LIFESIGN_SOURCE_DIR "/docs"))
    if (entry.path().extension() == ".md") documents.push_back(entry.path());
  std::sort(documents.begin(), documents.end());
  std::size_t ran = 0;
  for (const auto& document : documents) {
    const auto commands = commands_of(document);
    if (commands.empty()) continue;
    System system("docs");
    system.start();
    for (const std::string& command : commands) {
      std::string output;
      const int code = run_in_shell(system, command, output);
      INFO(document.string() << ": $ " << command << "\n" << output);
      CHECK(code == 0);
      ++ran;
    }
  }
  CHECK(ran > 0);
}

TEST_CASE("the client in Python, written from the protocol page alone, beats and is seen", "[process][docs]") {
  const std::string script = LIFESIGN_SOURCE_DIR "/agent-sdk/examples/minimal_client.py";
  const std::string text = read_file(script);
  CHECK(std::count(text.begin(), text.end(), '\n') < 60);
  System system("python");
  system.start();
  Child client("/usr/bin/python3",
               {script, "py-1", system.endpoint("ingest"), system.endpoint("events"), system.endpoint("query")},
               system.dir() / "client.log");
  const int code = client.wait();
  INFO(client.output());
  CHECK(code == 0);
  CHECK(client.output().find("recorded") != std::string::npos);
  CHECK(client.output().find("event agent.ready/py-1/") != std::string::npos);
  CHECK(system.status_of("py-1") == "active");
}

TEST_CASE("links between the documents lead somewhere", "[docs]") {
  for (const char* folder : {LIFESIGN_SOURCE_DIR, LIFESIGN_SOURCE_DIR "/docs"}) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      if (entry.path().extension() != ".md") continue;
      const std::string text = without_code(read_file(entry.path()));
      for (std::size_t at = text.find("]("); at != std::string::npos; at = text.find("](", at + 2)) {
        std::string target = text.substr(at + 2, text.find(')', at) - at - 2);
        target = target.substr(0, target.find('#'));
        if (target.empty() || target.starts_with("http")) continue;
        INFO(entry.path().string() << " links to " << target);
        CHECK(std::filesystem::exists(entry.path().parent_path() / target));
      }
    }
  }
}
