// check: verifies a database, read-only, whether Lifesign runs or not.
#include <fmt/format.h>

#include <CLI/App.hpp>
#include <filesystem>
#include <memory>

#include "cli/check_text.h"
#include "cli/guarded.h"
#include "cli/subcommands.h"

namespace lifesign::cli {
namespace {

int run_check(const Context& context, const std::string& given) {
  const auto folder = given.empty() ? context.folder() : given;
  const std::filesystem::path path(folder);
  std::error_code ignored;
  if (!std::filesystem::exists(path / "store" / "data.mdb", ignored) &&
      !std::filesystem::exists(path / "data.mdb", ignored)) {
    return fail(context,
                {base::Code::not_found,
                 fmt::format("there is no database in {}; name the data folder: lifesign check DIR", safe(folder))});
  }
  auto guarded = run_guarded([&] {
    auto report = recorder::check(folder);
    return line_of(report.ok() ? check_json(*report) : check_error(report.error()));
  });
  if (!guarded) return fail(context, guarded.error());
  const auto outcome = check_outcome(*guarded);
  if (context.json) {
    print_json(outcome);
  } else {
    print(check_text(outcome, folder));
  }
  if (is_sound(outcome)) return ok;
  return storage_refused;
}

}  // namespace

void add_check(CLI::App& app, Context& context) {
  auto folder = std::make_shared<std::string>();
  auto* sub = app.add_subcommand("check", "Verify a database, read-only");
  sub->add_option("DIR", *folder, "The data folder, or its store (default: the one of --data)");
  sub->callback([&context, folder] { context.exit = run_check(context, *folder); });
}

}  // namespace lifesign::cli
