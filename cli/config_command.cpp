// config: an example of the configuration file, from the programs themselves.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <array>
#include <cstdio>

#include "cli/child.h"
#include "cli/merge_config.h"
#include "cli/subcommands.h"

namespace lifesign::cli {
namespace {

base::Result<std::string> output_of(const std::string& program) {
  // The path is our own folder's; quoted for the shell that popen() uses.
  std::string quoted = "'";
  for (char c : program) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  std::FILE* pipe = ::popen((quoted + "' --print-config").c_str(), "re");
  if (pipe == nullptr) return base::Error{base::Code::io_failed, fmt::format("{} cannot be started", program)};
  std::string out;
  std::array<char, 4096> part{};
  for (std::size_t bytes; (bytes = std::fread(part.data(), 1, part.size(), pipe)) > 0;) out.append(part.data(), bytes);
  if (::pclose(pipe) != 0) {
    return base::Error{base::Code::io_failed,
                       fmt::format("{} --print-config failed; build it with scripts/build", program)};
  }
  return out;
}

int run_config(const Context& context) {
  std::vector<std::string> examples;
  for (const char* name : {"broker", "recorder", "watchdog"}) {
    auto example = output_of(fmt::format("{}/lifesign-{}", program_folder(), name));
    if (!example) return fail(context, example.error());
    examples.push_back(std::move(*example));
  }
  const auto merged = merge_examples(examples);
  if (context.json) {
    print_json({{"toml", merged}});
  } else {
    print(merged);
  }
  return ok;
}

}  // namespace

void add_config(CLI::App& app, Context& context) {
  auto* sub = app.add_subcommand("config", "Print an example of the configuration file, with every setting");
  sub->callback([&context] { context.exit = run_config(context); });
}

}  // namespace lifesign::cli
