// Headers and small messages of every socket: whatever is read and written again is read as the same.
#include "target.h"
#include "wire/ingest.h"
#include "wire/limits.h"
#include "wire/log.h"
#include "wire/query.h"

namespace lifesign::fuzz {
namespace {

template <class Message, class Read, class Write>
void comes_back(std::string_view bytes, Read read, Write write) {
  Message message, again;
  if (!read(bytes, message).ok()) return;
  const std::string written = write(message);
  const base::Status status = read(written, again);
  LIFESIGN_ASSERT(status.ok(), "what was written cannot be read: {}", status.error().message);
  LIFESIGN_ASSERT(write(again) == written, "what was read back is another message");
}

}  // namespace

void run(std::string_view input) {
  Input parts(input);
  const std::string_view bytes = parts.rest();
  comes_back<wire::IngestHeader>(bytes, wire::read_ingest_header, wire::write_ingest_header);
  comes_back<wire::Reply>(
      bytes, [](wire::Bytes one, wire::Reply& reply) { return wire::read_reply(one, reply); },
      [](const wire::Reply& reply) {
        std::string out;
        wire::write_reply(out, reply);
        return out;
      });
  wire::Reply reply;
  for (wire::Bytes replies = bytes; !replies.empty();) {
    const std::size_t before = replies.size();
    if (!wire::read_reply(replies, reply).ok()) break;
    LIFESIGN_ASSERT(replies.size() < before, "a reply took nothing of {} bytes", before);
  }
  comes_back<wire::QueryHeader>(bytes, wire::read_query_header, wire::write_query_header);
  comes_back<wire::BatchHeader>(bytes, wire::read_batch_header, wire::write_batch_header);
  comes_back<wire::LogRequest>(bytes, wire::read_log_request, wire::write_log_request);
  comes_back<wire::LogError>(bytes, wire::read_log_error, wire::write_log_error);

  wire::IngestHeader header;
  if (wire::read_ingest_header(bytes, header).ok()) {
    LIFESIGN_ASSERT(header.deadline_ms <= wire::limits::deadline_ms_max, "{}", header.deadline_ms);
    LIFESIGN_ASSERT(wire::is_ingest_kind(static_cast<std::uint64_t>(header.kind)), "kind {}", int(header.kind));
  }
}

}  // namespace lifesign::fuzz
