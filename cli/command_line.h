// The command line of `lifesign`: its subcommands, their options, and what all of them share.
#pragma once

namespace lifesign::cli {

// Parses, runs one subcommand and returns the exit code.
int run(int argc, const char* const* argv);

}  // namespace lifesign::cli
