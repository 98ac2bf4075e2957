#include "load/messages.h"

#include <fmt/format.h>

#include <charconv>

#include "wire/limits.h"
#include "wire/writer.h"

namespace lifesign::load {
namespace {

constexpr int digits = 7;  // ids of one length, so that all messages of a size are alike

}  // namespace

Messages::Messages(std::string prefix, std::uint32_t agents, std::uint64_t run)
    : prefix_(std::move(prefix)), agents_(agents) {
  wire::Writer writer(packed_);
  for (std::uint32_t agent = 0; agent < agents; ++agent) {
    writer.text(id(agent)).u64(run);
    if (agent == 0) packed_each_ = packed_.size();
  }
}

std::string Messages::id(std::uint32_t agent) const {
  return fmt::format("{}{:0{}}", prefix_, agent, digits);
}

bool Messages::agent_of(std::string_view id, std::uint32_t& agent) const {
  if (!id.starts_with(prefix_)) return false;
  const char* end = id.data() + id.size();
  const auto [at, error] = std::from_chars(id.data() + prefix_.size(), end, agent);
  return error == std::errc() && at == end && agent < agents_;
}

std::string_view Messages::header(wire::Kind kind, std::uint64_t corr, wire::Ack ack) {
  header_.clear();
  wire::Writer writer(header_);
  writer.array(4).u64(wire::limits::version).u64(static_cast<std::uint64_t>(kind)).u64(corr);
  writer.u64(static_cast<std::uint64_t>(ack));
  return header_;
}

std::string_view Messages::body(const Group& group, const Beats& beats) {
  body_.clear();
  wire::Writer writer(body_);
  writer.array(group.count);
  for (std::uint32_t i = 0; i < group.count; ++i) {
    const bool sent_at = i == 0 && beats.sent_at != 0;
    const std::size_t fields = (beats.interval_ms != 0) + sent_at;
    writer.array(fields == 0 ? 3 : 4);
    writer.raw({packed_.data() + (group.first_agent + i) * packed_each_, packed_each_}).u64(beats.run_seq);
    if (fields == 0) continue;
    writer.map(fields);
    if (beats.interval_ms != 0) writer.field("interval_ms", beats.interval_ms);
    if (sent_at) writer.field("sent_at", beats.sent_at);
  }
  return body_;
}

}  // namespace lifesign::load
