#include "wire/ingest.h"

#include <limits>

#include "wire/fields.h"
#include "wire/limits.h"
#include "wire/writer.h"

namespace lifesign::wire {

using base::Code;
using base::Error;
using base::Status;

Status read_ingest_header(Bytes frame, IngestHeader& out) {
  out = IngestHeader{};
  Reader reader(frame);
  std::uint32_t elements = 0;
  std::uint64_t version = 0, kind = 0, ack = 0;
  if (!reader.array(elements) || elements < 4)
    return Error{Code::bad_message, "the header must be an array [version, kind, corr, ack, options?]"};
  if (!reader.u64(version)) return wrong_type("version", "an integer", reader);
  if (!reader.u64(kind)) return wrong_type("kind", "an integer", reader);
  if (!reader.u64(out.corr)) return wrong_type("corr", "an integer that is not negative", reader);
  if (version != limits::version)
    return Error{Code::bad_version,
                 fmt::format("version {} is not spoken here; this broker speaks {}", version, limits::version)};
  if (!is_ingest_kind(kind)) return Error{Code::unknown_kind, fmt::format("kind {} does not exist on ingest", kind)};
  if (!reader.u64(ack)) return wrong_type("ack", "an integer", reader);
  if (ack > 2)
    return Error{Code::invalid_value,
                 fmt::format("ack is {}; 0 (none), 1 (received) and 2 (recorded) are allowed", ack)};
  out.kind = static_cast<Kind>(kind);
  out.ack = static_cast<Ack>(ack);
  if (elements == 4) return {};
  return read_map(reader, "options", [&](std::string_view key) -> Status {
    if (key == "deadline_ms") return read_u64(reader, key, 1, limits::deadline_ms_max, out.deadline_ms);
    if (key == "token") return read_text(reader, key, limits::text_bytes, out.token);
    return skip_field(reader, key);
  });
}

std::string write_ingest_header(const IngestHeader& header) {
  std::string out;
  Writer writer(out);
  const std::size_t options = (header.deadline_ms != 0) + !header.token.empty();
  writer.array(options == 0 ? 4 : 5).u64(limits::version).u64(static_cast<std::uint64_t>(header.kind));
  writer.u64(header.corr).u64(static_cast<std::uint64_t>(header.ack));
  if (options == 0) return out;
  writer.map(options);
  if (header.deadline_ms != 0) writer.field("deadline_ms", header.deadline_ms);
  if (!header.token.empty()) writer.field("token", header.token);
  return out;
}

Status read_reply(Bytes& rest, Reply& out) {
  out = Reply{};
  Reader reader(rest);
  std::uint32_t elements = 0;
  std::uint64_t version = 0;
  if (!reader.array(elements) || elements < 6 || !reader.u64(version) || version != limits::version ||
      !reader.text(out.code) || !reader.u64(out.corr) || !reader.u64(out.first_seq) || !reader.time(out.time))
    return Error{Code::bad_message, "the reply must be an array [1, code, corr, first_seq, time, detail]"};
  const Type type = reader.peek();
  if (!reader.raw(out.detail)) return wrong_type("detail", "MessagePack", reader);
  for (std::uint32_t i = 6; i < elements; ++i)
    if (!reader.skip()) return wrong_type("what follows detail", "MessagePack", reader);
  rest = reader.rest();
  Reader detail(out.detail);
  if (type == Type::text) {
    detail.text(out.message);
  } else if (type == Type::map) {
    return read_map(detail, "detail", [&](std::string_view key) -> Status {
      if (key == "message") return read_text(detail, key, limits::message_bytes, out.message);
      if (key == "retry_after_ms")
        return read_u64(detail, key, 0, std::numeric_limits<std::uint64_t>::max(), out.retry_after_ms);
      return skip_field(detail, key);
    });
  }
  return {};
}

void write_reply(std::string& out, const Reply& reply) {
  Writer writer(out);
  writer.array(6).u64(limits::version).text(reply.code).u64(reply.corr).u64(reply.first_seq).u64(to_wire(reply.time));
  if (!reply.detail.empty()) {
    writer.raw(reply.detail);
  } else if (reply.retry_after_ms != 0) {
    writer.map(2).field("message", reply.message).field("retry_after_ms", reply.retry_after_ms);
  } else if (!reply.message.empty()) {
    writer.text(reply.message);
  } else {
    writer.nil();
  }
}

}  // namespace lifesign::wire
