#include "wire/writer.h"

#include <msgpack.hpp>

#include "base/assert.h"

namespace lifesign::wire {
namespace {

struct Sink {
  std::string& out;
  void write(const char* data, std::size_t bytes) { out.append(data, bytes); }
};

template <class Pack>
void pack_to(std::string& out, Pack pack) {
  Sink sink{out};
  msgpack::packer<Sink> packer(sink);
  pack(packer);
}

std::uint32_t length(std::size_t n) {
  LIFESIGN_ASSERT(n <= 0xFFFFFFFF, "{} elements or bytes are more than MessagePack has room for", n);
  return static_cast<std::uint32_t>(n);
}

}  // namespace

Writer& Writer::map(std::size_t pairs) {
  pack_to(out_, [&](auto& p) { p.pack_map(length(pairs)); });
  return *this;
}
Writer& Writer::array(std::size_t elements) {
  pack_to(out_, [&](auto& p) { p.pack_array(length(elements)); });
  return *this;
}
Writer& Writer::text(std::string_view value) {
  pack_to(out_, [&](auto& p) { p.pack_str(length(value.size())).pack_str_body(value.data(), length(value.size())); });
  return *this;
}
Writer& Writer::binary(Bytes value) {
  pack_to(out_, [&](auto& p) { p.pack_bin(length(value.size())).pack_bin_body(value.data(), length(value.size())); });
  return *this;
}
Writer& Writer::u64(std::uint64_t value) {
  pack_to(out_, [&](auto& p) { p.pack_uint64(value); });
  return *this;
}
Writer& Writer::i64(std::int64_t value) {
  pack_to(out_, [&](auto& p) { p.pack_int64(value); });
  return *this;
}
Writer& Writer::real(double value) {
  pack_to(out_, [&](auto& p) { p.pack_double(value); });
  return *this;
}
Writer& Writer::boolean(bool value) {
  pack_to(out_, [&](auto& p) { value ? p.pack_true() : p.pack_false(); });
  return *this;
}
Writer& Writer::nil() {
  pack_to(out_, [](auto& p) { p.pack_nil(); });
  return *this;
}

}  // namespace lifesign::wire
