// What every subcommand shares: where Lifesign is, and how to answer.
#pragma once

#include <lifesign/commands.h>
#include <lifesign/query.h>

#include <string>

#include "base/error.h"
#include "base/time.h"
#include "cli/exit_code.h"
#include "cli/json.h"
#include "cli/terminal.h"

namespace lifesign::cli {

struct Context {
  // Options.
  std::string data;  // empty: the default folder
  std::string ingest, events, query;
  bool json = false;
  base::Micros timeout = std::chrono::seconds(5);

  Terminal out, err;
  int exit = ok;

  std::string folder() const;  // the data folder in use
  // What an option or a variable says of it; "" where neither does, or is empty.
  std::string given(std::string_view name) const;
  // By option, environment, data folder; "" where none says, which is the default. Never creates the folder.
  std::string endpoint(std::string_view name) const;
  // The data folder's token.
  base::Result<std::string> token() const;

  Query make_query() const;
  Commands make_commands(const std::string& token, Ack ack) const;
};

enum class Asked { broker, recorder, neither };

base::Error to_base(const lifesign::Error& error);
// Says on stderr what went wrong and what to do about it (with --json as one object: error, message), and returns the
// exit code for it.
int fail(const Context& context, const base::Error& error, Asked asked = Asked::neither);
int fail(const Context& context, const lifesign::Error& error, Asked asked);
// The sentence for a person.
std::string explain(const Context& context, const base::Error& error, Asked asked);

void print(std::string_view text);  // to stdout
void print_json(const Json& json);  // one line, flushed

}  // namespace lifesign::cli
