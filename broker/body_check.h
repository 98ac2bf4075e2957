// Is this body what its kind promises? Checked once, here; everybody behind the broker relies on it. Pure.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "wire/kinds.h"
#include "wire/reader.h"

namespace lifesign::broker {

// How many items the body holds, all of them good; or the first error, with the item's index.
base::Result<std::uint32_t> check_body(wire::Kind kind, wire::Bytes body);

}  // namespace lifesign::broker
