// lifesign-bench: see docs/benchmarks.md.
#include <fmt/format.h>

#include <exception>

#include "base/stop_signal.h"
#include "cli/exit_code.h"
#include "load/report.h"
#include "load/run.h"

namespace {

using namespace lifesign;

int fail(const base::Error& error) {
  fmt::print(stderr, "lifesign-bench: {}\n", error.message);
  return cli::exit_code_of(error.code);
}

int bench(const load::Options& options, base::StopSignal& stop) {
  load::Results results;
  if (!options.raw_only) {
    auto done = load::run(options, stop);
    if (!done.ok()) return fail(done.error());
    results = std::move(done).value();
  }
  if (options.raw_only || (options.raw && !stop.raised())) {
    auto raw = load::measure_raw(options);
    if (!raw.ok()) return fail(raw.error());
    results.raw = *raw;
  }
  if (options.json)
    fmt::print("{}\n", (options.raw_only ? load::to_json(*results.raw) : load::to_json(options, results)).dump());
  else
    fmt::print("{}", options.raw_only ? load::to_text(*results.raw) : load::to_text(options, results));
  return cli::ok;
}

}  // namespace

int main(int argc, char** argv) {
  base::StopSignal stop;  // before any thread
  int exit_code = cli::ok;
  const auto options = load::parse(argc, argv, exit_code);
  if (!options) return exit_code;
  try {
    return bench(*options, stop);
  } catch (const std::exception& e) {
    return fail({base::Code::io_failed, e.what()});
  }
}
