// Pieces of bad messages, and of good ones beside them.
#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <functional>
#include <random>
#include <string>

#include "support/ordeal.h"
#include "wire/ingest.h"
#include "wire/writer.h"

namespace lifesign::tests {

inline std::string pack(const std::function<void(wire::Writer&)>& write) {
  std::string out;
  wire::Writer writer(out);
  write(writer);
  return out;
}

inline std::string ingest_header(wire::Kind kind, std::uint64_t corr = 7, std::string_view token = {},
                                 wire::Ack ack = wire::Ack::received) {
  return wire::write_ingest_header({.kind = kind, .corr = corr, .ack = ack, .token = token});
}

// A body of one beat of agent "x" with one field, whose value `write` writes.
inline std::string beat_with(std::string_view field, const std::function<void(wire::Writer&)>& write) {
  return pack([&](wire::Writer& w) { write(w.array(1).array(4).text("x").u64(0).u64(0).map(1).text(field)); });
}
inline std::string beat_of(std::string_view id) {
  return pack([&](wire::Writer& w) { w.array(1).array(1).text(id); });
}

struct Answered {
  std::string code, message;
  std::uint64_t corr = 0, first_seq = 0;
};
// What ingest says to one request.
inline Answered ask_ingest(Dealer& dealer, const Frames& request) {
  const Frames frames = dealer.ask(request);
  REQUIRE(frames.size() == 1);
  wire::Bytes rest = frames[0];
  wire::Reply reply;
  REQUIRE(wire::read_reply(rest, reply).ok());
  CHECK(rest.empty());
  return {std::string(reply.code), std::string(reply.message), reply.corr, reply.first_seq};
}

// `levels` arrays in one another, and nil in the innermost.
inline std::string nested(std::size_t levels) {
  return std::string(levels, '\x91') + '\xC0';
}

// Bytes of one of three sorts: any at all, good ones damaged here and there, good ones cut.
inline std::string damaged(std::mt19937_64& random, const std::string& good) {
  std::string out = good;
  switch (random() % 3) {
    case 0:
      out.resize(random() % 200);
      for (char& c : out) c = static_cast<char>(random());
      break;
    case 1:
      for (std::size_t i = random() % 4 + 1; i > 0 && !out.empty(); --i)
        out[random() % out.size()] = static_cast<char>(random());
      break;
    default:
      out.resize(random() % (out.size() + 1));
  }
  return out;
}

}  // namespace lifesign::tests
