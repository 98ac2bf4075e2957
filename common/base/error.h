// Errors as values. A code exists only where a caller acts on it; the message says what, where, which limit, what to
// do.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/assert.h"

namespace lifesign::base {

// The names on the wire are code_name(); docs/protocol.md says when each is given.
enum class Code {
  bad_message,
  bad_version,
  unknown_kind,
  invalid_agent_id,
  invalid_value,
  too_large,
  not_allowed,
  overloaded,
  recorder_unavailable,
  not_found,
  too_old,
  too_slow,
  busy,
  storage_failed,
  // Never on the wire:
  timed_out,
  disconnected,
  queue_full,
  forked,
  closed,
  io_failed,       // a file, socket or system call failed
  invalid_config,  // a setting, flag or file that cannot be used
};

std::string_view code_name(Code code);
std::optional<Code> code_from_name(std::string_view name);

struct [[nodiscard]] Error {
  Code code;
  std::string message;

  // The same error with what was being done in front: "opening /x: permission denied".
  Error within(std::string_view context) const { return {code, std::string(context) + ": " + message}; }
};

// A value or an Error. Reading the wrong side is a programming error and aborts.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}      // NOLINT: implicit, so that `return value;` reads plainly
  Result(Error error) : state_(std::move(error)) {}  // NOLINT

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & {
    LIFESIGN_ASSERT(ok(), "{}", error_text());
    return std::get<0>(state_);
  }
  const T& value() const& {
    LIFESIGN_ASSERT(ok(), "{}", error_text());
    return std::get<0>(state_);
  }
  T&& value() && {
    LIFESIGN_ASSERT(ok(), "{}", error_text());
    return std::get<0>(std::move(state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const {
    LIFESIGN_ASSERT(!ok(), "no error here");
    return std::get<1>(state_);
  }

 private:
  std::string error_text() const { return ok() ? std::string() : std::get<1>(state_).message; }
  std::variant<T, Error> state_;
};

// Success, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT
  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const {
    LIFESIGN_ASSERT(error_.has_value(), "no error here");
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace lifesign::base
