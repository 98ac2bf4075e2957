// Errors as values: a code for the program, a sentence for the person. Nothing in this library throws to its caller.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace lifesign {

// The codes of docs/protocol.md, then those that only the library gives. docs/sdk.md says what to do about each.
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
  timed_out,       // no answer in time
  disconnected,    // nobody to send to
  queue_full,      // a bound of the library is reached; what was given up is named
  forked,          // called in a forked child; make a new object there
  closed,          // after a goodbye, or while the object goes away
  io_failed,       // a socket or system call failed
  invalid_config,  // an option that cannot be used
};

// "recorder_unavailable": the name on the wire.
std::string_view code_name(Code code);

struct [[nodiscard]] Error {
  Code code = Code::io_failed;
  std::string message;
};

// A value or an Error. Reading the wrong side is a programming error: it prints the error and aborts.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}      // NOLINT: implicit, so that `return value;` reads plainly
  Result(Error error) : state_(std::move(error)) {}  // NOLINT

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & { return require(), std::get<0>(state_); }
  const T& value() const& { return require(), std::get<0>(state_); }
  T&& value() && { return require(), std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const {
    if (ok()) std::abort();
    return std::get<1>(state_);
  }

 private:
  void require() const {
    if (ok()) return;
    std::fprintf(stderr, "lifesign: a result was read that is an error: %s\n", std::get<1>(state_).message.c_str());
    std::abort();
  }
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
    if (!error_) std::abort();
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace lifesign
