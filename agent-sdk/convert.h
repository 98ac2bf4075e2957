// Between the inner errors and the public ones.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"
#include "base/text.h"
#include "lifesign/result.h"

namespace lifesign::sdk {

Error to_public(const base::Error& error);
// The error that an answer's code stands for.
Error answered(std::string_view code, std::string message);

inline Error forked_error() {
  return {Code::forked, "this was made before the process forked; make a new one in the child"};
}
inline Error closed_error() {
  return {Code::closed, "it is being closed"};
}

}  // namespace lifesign::sdk
