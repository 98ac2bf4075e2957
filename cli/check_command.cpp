// check: verifies a database, read-only, whether Lifesign runs or not.
#include <unistd.h>

#include <CLI/App.hpp>
#include <cerrno>
#include <filesystem>
#include <memory>

#include "cli/check_text.h"
#include "cli/guarded.h"
#include "cli/subcommands.h"

namespace lifesign::cli {
namespace {

// Is there a database that we may read? No error where there is.
std::error_code look(const std::filesystem::path& folder) {
  for (const auto& file : {folder / "store" / "data.mdb", folder / "data.mdb"}) {
    if (::access(file.c_str(), R_OK) == 0) return {};
    if (errno != ENOENT && errno != ENOTDIR) return {errno, std::generic_category()};
  }
  return std::make_error_code(std::errc::no_such_file_or_directory);
}

int run_check(const Context& context, const std::string& given) {
  const auto folder = given.empty() ? context.folder() : given;
  if (const auto error = look(folder)) return fail(context, no_database(folder, error));
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
