#include "cli/folder_check.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

using namespace lifesign;
using namespace lifesign::cli;

namespace {

namespace fs = std::filesystem;

// A folder of its own; the variables that the command reads are gone as long as it lives, and the default folder is in
// it and not there.
class Place {
 public:
  Place() {
    std::string pattern = (fs::temp_directory_path() / "lifesign-place-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
    for (const char* name : {"LIFESIGN_INGEST", "LIFESIGN_EVENTS", "LIFESIGN_QUERY"}) ::unsetenv(name);
    ::setenv("XDG_STATE_HOME", path_.c_str(), 1);
  }
  ~Place() {
    for (const char* name : {"LIFESIGN_INGEST", "LIFESIGN_EVENTS", "LIFESIGN_QUERY", "XDG_STATE_HOME"})
      ::unsetenv(name);
    fs::remove_all(path_);
  }
  const fs::path& path() const { return path_; }
  void says(const char* process, const char* endpoint) const {
    std::ofstream(path_ / (std::string(process) + ".endpoints")) << endpoint << " = \"tcp://127.0.0.1:1\"\n";
  }
  Context named() const {
    Context out;
    out.data = path_;
    return out;
  }

 private:
  fs::path path_;
};

bool contains(const base::Status& status, std::string_view part) {
  return !status.ok() && status.error().message.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a folder that was named and is not there is an error, the default one means the default ports", "[cli]") {
  const Place place;
  Context context = place.named();
  context.data += "/nowhere";
  const auto missing = check_endpoint(context, "query");
  CHECK(contains(missing, "there is no data folder " + context.data));
  CHECK(missing.error().code == base::Code::not_found);
  CHECK_FALSE(check_folder(context, {"ingest", "query"}).ok());
  context.data.clear();
  CHECK(check_folder(context, {"ingest", "query"}).ok());
  CHECK(check_endpoint(context, "query").ok());
  CHECK(context.endpoint("query").empty());
}

TEST_CASE("a folder that does not say where a process listens is an error, named or not", "[cli]") {
  const Place place;
  Context context = place.named();
  CHECK(check_folder(context, {"ingest", "query"}).ok());
  const auto silent = check_endpoint(context, "query");
  CHECK(contains(silent, "no recorder has run yet with the data folder " + context.data));
  CHECK(contains(silent, "`lifesign up --data " + context.data + "`"));
  CHECK(silent.error().code == base::Code::not_found);
  CHECK(contains(check_endpoint(context, "events"), "no broker has run yet"));
  place.says("recorder", "query");
  CHECK(check_endpoint(context, "query").ok());
  place.says("broker", "ingest");
  CHECK(check_endpoint(context, "ingest").ok());
  CHECK_FALSE(check_endpoint(context, "events").ok());

  fs::create_directory(place.path() / "lifesign");
  CHECK(contains(check_endpoint({}, "query"), "`lifesign up` starts it"));
}

TEST_CASE("an endpoint that is given spares the folder for itself alone", "[cli]") {
  const Place place;
  Context context = place.named();
  context.ingest = "tcp://127.0.0.1:1";
  CHECK(check_endpoint(context, "ingest").ok());
  CHECK_FALSE(check_endpoint(context, "query").ok());
  context.data += "/nowhere";
  CHECK(check_folder(context, {"ingest"}).ok());
  CHECK_FALSE(check_folder(context, {"ingest", "query"}).ok());
  ::setenv("LIFESIGN_QUERY", "tcp://127.0.0.1:2", 1);
  CHECK(check_folder(context, {"ingest", "query"}).ok());
  CHECK(check_endpoint(context, "query").ok());
  CHECK(context.endpoint("query") == "tcp://127.0.0.1:2");
}

TEST_CASE("a variable that is empty says nothing", "[cli]") {
  const Place place;
  const Context context = place.named();
  ::setenv("LIFESIGN_QUERY", "", 1);
  CHECK(context.given("query").empty());
  CHECK_FALSE(check_endpoint(context, "query").ok());
}

TEST_CASE("a data folder that is a file or may not be read says so", "[cli]") {
  const Place place;
  std::ofstream(place.path() / "file") << "";
  Context context = place.named();
  context.data += "/file";
  const auto file = check_endpoint(context, "query");
  CHECK(contains(file, "Not a directory"));
  CHECK(file.error().code == base::Code::io_failed);

  const auto denied = folder_error("/x", std::make_error_code(std::errc::permission_denied));
  CHECK(denied.code == base::Code::io_failed);
  CHECK(denied.message.starts_with("the data folder /x cannot be read: Permission denied; do this as the user"));
  CHECK(folder_error("/x", std::make_error_code(std::errc::no_such_file_or_directory)).code == base::Code::not_found);
  if (::geteuid() == 0) return;  // whom no mode keeps out
  fs::permissions(place.path(), fs::perms::none);
  CHECK(contains(check_endpoint(place.named(), "query"), "Permission denied"));
  fs::permissions(place.path(), fs::perms::owner_all);
}

TEST_CASE("each subcommand that asks somebody says whom", "[cli]") {
  for (const char* asks :
       {"beat", "expect", "agents", "show", "history", "events", "watch", "retire", "forget", "status"})
    CHECK_FALSE(endpoints_of(asks).empty());
  for (const char* asks_nobody : {"up", "check", "config"}) CHECK(endpoints_of(asks_nobody).empty());
}
