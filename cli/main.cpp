// Starts the command; everything is in command_line.h.
#include "cli/command_line.h"

int main(int argc, char** argv) {
  return lifesign::cli::run(argc, argv);
}
