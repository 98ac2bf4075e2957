#include "cli/context.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "config/data_folder.h"
#include "net/data_dir.h"

namespace lifesign::cli {
namespace {

std::string variable_of(std::string_view name) {
  if (name == "ingest") return "LIFESIGN_INGEST";
  return name == "events" ? "LIFESIGN_EVENTS" : "LIFESIGN_QUERY";
}

std::string_view name_of(Asked asked) {
  return asked == Asked::broker ? "broker" : "recorder";
}

const char* default_endpoint(Asked asked) {
  return asked == Asked::broker ? "tcp://127.0.0.1:7400" : "tcp://127.0.0.1:7403";
}

}  // namespace

std::string Context::folder() const {
  return config::data_folder(data);
}

std::string Context::given(std::string_view name) const {
  const std::string& option = name == "ingest" ? ingest : name == "events" ? events : query;
  if (!option.empty()) return option;
  const char* value = std::getenv(variable_of(name).c_str());
  return value == nullptr ? "" : value;
}

std::string Context::endpoint(std::string_view name) const {
  if (auto said = given(name); !said.empty()) return said;
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder(), ignored)) return "";
  auto dir = net::DataDir::open(folder());
  return dir ? net::endpoint_of(*dir, name, "") : "";
}

base::Result<std::string> Context::token() const {
  std::error_code ignored;
  if (!std::filesystem::exists(std::filesystem::path(folder()) / "token", ignored)) {
    return base::Error{base::Code::not_allowed,
                       fmt::format("this command needs the token of the data folder, and {} has none", folder())};
  }
  auto dir = net::DataDir::open(folder());
  if (!dir) return dir.error();
  return dir->token();
}

Query Context::make_query() const {
  const auto millis = std::chrono::ceil<Millis>(timeout);
  return Query({.endpoint = endpoint("query"), .timeout = millis, .attempt = std::min(millis, Millis(1'500))});
}

Commands Context::make_commands(const std::string& token, Ack ack) const {
  return Commands(
      {.endpoint = endpoint("ingest"), .token = token, .timeout = std::chrono::ceil<Millis>(timeout), .ack = ack});
}

base::Error to_base(const lifesign::Error& error) {
  // The broker counts the items of a message; the command's have one, and nobody typed an "item".
  constexpr std::string_view only_item = "item 0: ";
  return {base::code_from_name(lifesign::code_name(error.code)).value_or(base::Code::io_failed),
          error.message.substr(error.message.starts_with(only_item) ? only_item.size() : 0)};
}

std::string explain(const Context& context, const base::Error& error, Asked asked) {
  const bool silent = error.code == base::Code::timed_out || error.code == base::Code::disconnected;
  if (silent && asked != Asked::neither) {
    const auto where = context.endpoint(asked == Asked::broker ? "ingest" : "query");
    return fmt::format(
        "the {} does not answer at {}.\nIs `lifesign up` running? Start it in another terminal, or say where it is: "
        "--data DIR (now {}). `lifesign status` shows what answers.",
        name_of(asked), where.empty() ? default_endpoint(asked) : where, context.folder());
  }
  switch (error.code) {
    case base::Code::not_found:
      return error.message +
             (error.message.starts_with("no agent") ? ".\n`lifesign agents` lists the agents that are known." : ".");
    case base::Code::not_allowed:
      return error.message + ".\nName the data folder that `lifesign up` uses: --data DIR, or set LIFESIGN_DATA to it.";
    case base::Code::recorder_unavailable:
      // The broker's own sentence speaks of run and run_seq, which this command's beats do not have.
      return "it was received, but not recorded in time; it may be recorded later, so sending it again may count "
             "twice.\n`lifesign status` shows whether the recorder runs; `--ack received` does not wait for it.";
    case base::Code::storage_failed:
      return error.message + fmt::format(".\n`lifesign check {}` looks for damage.", context.folder());
    default:
      return error.message + ".";
  }
}

int fail(const Context& context, const base::Error& error, Asked asked) {
  auto sentence = explain(context, error, asked);
  if (auto doubled = sentence.find("..\n"); doubled != std::string::npos) sentence.erase(doubled, 1);
  if (sentence.ends_with("..")) sentence.pop_back();
  std::fflush(stdout);
  if (context.json) {
    Json json{{"error", base::code_name(error.code)}, {"message", sentence}};
    fmt::print(stderr, "{}\n", line_of(json));
  } else {
    fmt::print(stderr, "{} {}\n", context.err.paint(Colour::red, "lifesign:"), sentence);
  }
  return exit_code_of(error.code);
}

int fail(const Context& context, const lifesign::Error& error, Asked asked) {
  return fail(context, to_base(error), asked);
}

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
}

void print_json(const Json& json) {
  print(line_of(json) + "\n");
  std::fflush(stdout);
}

}  // namespace lifesign::cli
