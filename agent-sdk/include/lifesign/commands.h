// Commands: what a person or a service asks of the broker, one request at a time, each waiting for its answer.
// One thread at a time. The commands need the data folder's token (DIR/token); status(), beat(), register_agent() and
// goodbye() do not.
//
// Errors: the broker's own; disconnected when no broker could be reached in time; timed_out when it was reached and
// did not answer; forked. Nothing is sent twice.
#pragma once

#include <memory>
#include <string>

#include "lifesign/types.h"
#include "lifesign/value.h"

namespace lifesign {

struct CommandOptions {
  std::string endpoint = {};  // empty: the environment's LIFESIGN_INGEST, else tcp://127.0.0.1:7400
  std::string token = {};     // 64 hex digits, as in DIR/token; empty: none
  Millis timeout{5'000};      // of each call; a `recorded` answer has this as its deadline
  Ack ack = Ack::recorded;
};

struct Person {
  std::string by, why;
};

class Commands {
 public:
  explicit Commands(CommandOptions options = {});
  ~Commands();
  Commands(Commands&&) noexcept;
  Commands& operator=(Commands&&) noexcept;

  // With the token:
  Result<Receipt> expect(const std::string& agent_id, const Registration& registration, const Person& person);
  Result<Receipt> retire(const std::string& agent_id, const Person& person);
  Result<Receipt> forget(const std::string& agent_id, const Person& person);

  // For anyone:
  Result<Value> status();  // {broker, services}: docs/protocol.md, "Status"
  Result<Receipt> register_agent(const std::string& agent_id, const Registration& registration);
  // One beat with no run: for scripts. A program that lives on uses Agent.
  Result<Receipt> beat(const std::string& agent_id, const BeatFields& fields = {});
  Result<Receipt> goodbye(const std::string& agent_id, const std::string& reason);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace lifesign
