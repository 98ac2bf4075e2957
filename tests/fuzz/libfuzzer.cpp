// The entry that libFuzzer calls.
#include "target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  lifesign::fuzz::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
