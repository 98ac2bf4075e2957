#include <catch2/catch.hpp>
#include <csignal>

#include "cli/check_text.h"

using namespace lifesign;
using namespace lifesign::cli;

TEST_CASE("a sound database says what it holds", "[cli]") {
  recorder::CheckReport report;
  report.beats = 12;
  report.position = 99;
  const auto outcome = check_outcome({line_of(check_json(report)), {}});
  CHECK(is_sound(outcome));
  CHECK(check_text(outcome, "/data")
            .starts_with("/data is sound: 12 beats in 0 chunks, 0 events, 0 agents, up to seq 99"));
}

TEST_CASE("a note is shown and makes no database unsound", "[cli]") {
  recorder::CheckReport report;
  report.notes = {"process 7 reads the database as it was 5000 commits ago"};
  const auto outcome = check_outcome({line_of(check_json(report)), {}});
  CHECK(is_sound(outcome));
  CHECK(check_text(outcome, "/data").find("\nnote: process 7 reads the database") != std::string::npos);
}

TEST_CASE("faults are named, and those past the bound counted", "[cli]") {
  recorder::CheckReport report;
  report.fault_count = 5;
  report.faults = {"log: the chunk at 7 has a wrong checksum"};
  const auto outcome = check_outcome({line_of(check_json(report)), {}});
  CHECK_FALSE(is_sound(outcome));
  const auto text = check_text(outcome, "/data");
  CHECK(text.find("/data is damaged: 5 faults\n  log: the chunk at 7 has a wrong checksum\n  … and 4 more\n") == 0);
}

TEST_CASE("a check that dies of SIGBUS reports a cut file", "[cli]") {
  const auto outcome = check_outcome({"", {true, SIGBUS, {}}});
  CHECK_FALSE(is_sound(outcome));
  CHECK(check_text(outcome, "/data").find("it was cut") != std::string::npos);
}

TEST_CASE("a database that may not be read is not one that is missing", "[cli]") {
  const auto missing = no_database("/data", std::make_error_code(std::errc::no_such_file_or_directory));
  CHECK(missing.code == base::Code::not_found);
  CHECK(missing.message == "there is no database in /data; name the data folder: lifesign check DIR");
  const auto denied = no_database("/data", std::make_error_code(std::errc::permission_denied));
  CHECK(denied.code == base::Code::io_failed);
  CHECK(denied.message ==
        "the database in /data cannot be read: Permission denied; do this as the user that runs Lifesign");
  const auto broken = no_database("/data", std::make_error_code(std::errc::io_error));
  CHECK(broken.code == base::Code::io_failed);
  CHECK(broken.message == "the database in /data cannot be read: Input/output error");
}

TEST_CASE("a check that dies otherwise is no sound database either", "[cli]") {
  CHECK_FALSE(is_sound(check_outcome({"", {true, SIGSEGV, {}}})));
  CHECK_FALSE(is_sound(check_outcome({"{\"sound\":tr", {}})));
  CHECK_FALSE(is_sound(check_outcome({"what() text", {false, 1, {}}})));
}
