// expect, retire, forget: what a person decides.
#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <CLI/App.hpp>
#include <array>
#include <cstdlib>
#include <memory>

#include "cli/options.h"
#include "cli/subcommands.h"

namespace lifesign::cli {
namespace {

struct PersonOptions {
  std::string agent, by, why;
  RegistrationOptions registration;
};

// "ann@host": who types this.
std::string whoami() {
  std::string user;
  if (const char* sudo = std::getenv("SUDO_USER"); sudo != nullptr) user = sudo;
  if (const passwd* entry = ::getpwuid(::getuid()); user.empty() && entry != nullptr) user = entry->pw_name;
  if (user.empty()) user = fmt::format("uid {}", ::getuid());
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) == 0 && host[0] != '\0') user += std::string("@") + host.data();
  return user.substr(0, 128);
}

using Call = Result<Receipt> (Commands::*)(const std::string&, const Person&);

int answer(const Context& context, const PersonOptions& options, const Result<Receipt>& receipt,
           std::string_view done) {
  if (!receipt) return fail(context, receipt.error(), Asked::broker);
  const auto micros = static_cast<std::uint64_t>(receipt->time.time_since_epoch().count());
  if (context.json) {
    Json json{{"agent_id", options.agent}, {"ack", "recorded"}, {"seq", receipt->seq}, {"time", micros}};
    write_out_times(json);
    print_json(json);
  } else {
    print(fmt::format("{} {}: seq {} at {}\n", safe(options.agent), done, receipt->seq,
                      base::iso8601(base::log_time(micros))));
  }
  return ok;
}

Person person_of(const PersonOptions& options) {
  return {options.by.empty() ? whoami() : options.by, options.why};
}

int run_simple(const Context& context, const PersonOptions& options, Call call, std::string_view done) {
  auto token = context.token();
  if (!token) return fail(context, token.error());
  // A slip of the pen should be told, not recorded as a command about nobody.
  auto query = context.make_query();
  if (auto known = query.agent(options.agent); !known) return fail(context, known.error(), Asked::recorder);
  auto commands = context.make_commands(*token, Ack::recorded);
  return answer(context, options, (commands.*call)(options.agent, person_of(options)), done);
}

int run_expect(const Context& context, const PersonOptions& options) {
  auto token = context.token();
  if (!token) return fail(context, token.error());
  auto registration = options.registration.make();
  if (!registration) return fail(context, registration.error());
  auto commands = context.make_commands(*token, Ack::recorded);
  return answer(context, options, commands.expect(options.agent, *registration, person_of(options)), "is expected");
}

CLI::App* add(CLI::App& app, const char* name, const char* help, const std::shared_ptr<PersonOptions>& options) {
  auto* sub = app.add_subcommand(name, help);
  sub->add_option("AGENT", options->agent, "Its id")->required();
  sub->add_option("--why", options->why, "A reason, kept with the event");
  sub->add_option("--by", options->by, "Who decides (default: you, as user@host)");
  return sub;
}

}  // namespace

void add_people(CLI::App& app, Context& context) {
  auto expected = std::make_shared<PersonOptions>();
  auto* expect =
      add(app, "expect", "Register an agent that has not come yet: if it never does, you are told", expected);
  expected->registration.add(*expect);
  expect->callback([&context, expected] { context.exit = run_expect(context, *expected); });

  auto retired = std::make_shared<PersonOptions>();
  auto* retire = add(app, "retire", "Stop watching an agent until it beats with a new run, or without one", retired);
  retire->callback(
      [&context, retired] { context.exit = run_simple(context, *retired, &Commands::retire, "is retired"); });

  auto forgotten = std::make_shared<PersonOptions>();
  auto* forget = add(app, "forget", "Drop an agent; its history stays until retention takes it", forgotten);
  forget->callback(
      [&context, forgotten] { context.exit = run_simple(context, *forgotten, &Commands::forget, "is forgotten"); });
}

}  // namespace lifesign::cli
