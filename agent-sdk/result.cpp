#include "lifesign/result.h"

#include "convert.h"

namespace lifesign {

std::string_view code_name(Code code) {
  return base::code_name(static_cast<base::Code>(code));
}

namespace sdk {

// The public enumeration is a copy, so that installed headers need none of ours; it must stay in step.
static_assert(static_cast<int>(Code::bad_message) == static_cast<int>(base::Code::bad_message));
static_assert(static_cast<int>(Code::not_found) == static_cast<int>(base::Code::not_found));
static_assert(static_cast<int>(Code::storage_failed) == static_cast<int>(base::Code::storage_failed));
static_assert(static_cast<int>(Code::timed_out) == static_cast<int>(base::Code::timed_out));
static_assert(static_cast<int>(Code::invalid_config) == static_cast<int>(base::Code::invalid_config));

Error to_public(const base::Error& error) {
  return {static_cast<Code>(error.code), error.message};
}

Error answered(std::string_view code, std::string message) {
  if (auto known = base::code_from_name(code)) return {static_cast<Code>(*known), std::move(message)};
  return {Code::bad_version, "an answer with the code '" + base::printable(code) +
                                 "', which this version does not know" + (message.empty() ? "" : ": " + message)};
}

}  // namespace sdk
}  // namespace lifesign
