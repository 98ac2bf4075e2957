#include "cli/folder_check.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "net/data_dir.h"

namespace lifesign::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view ingest = "ingest", events = "events", query = "query";

bool is_absent(std::error_code error) {
  return error == std::errc::no_such_file_or_directory;
}

// No error: it can be read.
std::error_code access_error(const fs::path& path, int mode) {
  return ::access(path.c_str(), mode) == 0 ? std::error_code() : std::error_code(errno, std::generic_category());
}

std::error_code look(const std::string& folder) {
  std::error_code error;
  const bool is_folder = fs::is_directory(folder, error);
  if (error) return error;
  return is_folder ? access_error(folder, R_OK | X_OK) : std::make_error_code(std::errc::not_a_directory);
}

// "lifesign up", with the folder where it is not the default one.
std::string up_command(const Context& context) {
  return context.data.empty() ? "lifesign up" : fmt::format("lifesign up --data {}", context.data);
}

bool needs_folder(const Context& context, std::string_view endpoint) {
  return context.given(endpoint).empty();
}

}  // namespace

std::vector<std::string_view> endpoints_of(std::string_view subcommand) {
  if (subcommand == "beat" || subcommand == "expect") return {ingest};
  if (subcommand == "agents" || subcommand == "show" || subcommand == "history" || subcommand == "events")
    return {query};
  if (subcommand == "status" || subcommand == "retire" || subcommand == "forget") return {ingest, query};
  if (subcommand == "watch") return {ingest, events, query};
  return {};
}

base::Error folder_error(const std::string& folder, std::error_code error) {
  if (is_absent(error)) {
    return {base::Code::not_found,
            fmt::format("there is no data folder {}; `lifesign up --data {}` would make it", folder, folder)};
  }
  if (error == std::errc::permission_denied) {
    return {base::Code::io_failed, fmt::format("the data folder {} cannot be read: {}; do this as the user that runs "
                                               "Lifesign, or name another folder with --data",
                                               folder, error.message())};
  }
  return {base::Code::io_failed, fmt::format("the data folder {} cannot be read: {}", folder, error.message())};
}

base::Status check_folder(const Context& context, const std::vector<std::string_view>& endpoints) {
  if (std::none_of(endpoints.begin(), endpoints.end(), [&](auto name) { return needs_folder(context, name); }))
    return {};
  const auto folder = context.folder();
  const auto error = look(folder);
  if (!error || (context.data.empty() && is_absent(error))) return {};
  return folder_error(folder, error);
}

base::Status check_endpoint(const Context& context, std::string_view endpoint) {
  if (!needs_folder(context, endpoint)) return {};
  if (auto folder = check_folder(context, {endpoint}); !folder.ok()) return folder;
  const auto folder = context.folder();
  if (look(folder)) return {};  // no default folder: the default ports
  const std::string_view process = endpoint == query ? "recorder" : "broker";
  const auto file = fs::path(folder) / fmt::format("{}.endpoints", process);
  if (const auto error = access_error(file, R_OK); error && !is_absent(error)) {
    return base::Error{base::Code::io_failed, fmt::format("{} cannot be read: {}", file.string(), error.message())};
  }
  auto dir = net::DataDir::open(folder);
  if (!dir) return dir.error();
  if (dir->read_endpoints(process).contains(std::string(endpoint))) return {};
  return base::Error{base::Code::not_found,
                     fmt::format("no {} has run yet with the data folder {}: `{}` starts it; --{} names one that runs "
                                 "elsewhere",
                                 process, folder, up_command(context), endpoint)};
}

}  // namespace lifesign::cli
