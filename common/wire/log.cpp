#include "wire/log.h"

#include <limits>

#include "wire/fields.h"
#include "wire/limits.h"
#include "wire/writer.h"

namespace lifesign::wire {

using base::Code;
using base::Error;
using base::Status;

namespace {
constexpr std::uint64_t any = std::numeric_limits<std::uint64_t>::max();
}

Status read_batch_header(Bytes frame, BatchHeader& out) {
  Reader reader(frame);
  std::uint32_t elements = 0;
  std::uint64_t version = 0;
  if (!reader.array(elements) || elements < 6 || !reader.u64(version) || version != limits::version ||
      !reader.u64(out.broker_run) || !reader.u64(out.first_seq) || !reader.u64(out.next_seq) ||
      !reader.u64(out.recorded) || !reader.time(out.time))
    return Error{Code::bad_message,
                 "a batch's header must be an array [1, broker_run, first_seq, next_seq, recorded, time]"};
  if (out.first_seq > out.next_seq)
    return Error{Code::bad_message,
                 fmt::format("a batch's header covers [{}, {}), which runs backwards", out.first_seq, out.next_seq)};
  return {};
}

std::string write_batch_header(const BatchHeader& header) {
  std::string out;
  Writer(out)
      .array(6)
      .u64(limits::version)
      .u64(header.broker_run)
      .u64(header.first_seq)
      .u64(header.next_seq)
      .u64(header.recorded)
      .u64(to_wire(header.time));
  return out;
}

void append_entry(std::string& out, const Entry& entry) {
  Writer writer(out);
  writer.array(6).u64(static_cast<std::uint64_t>(entry.kind)).u64(entry.first_seq).u64(entry.count);
  writer.u64(to_wire(entry.time)).array(2).u64(entry.connection);
  if (entry.peer.empty())
    writer.nil();
  else
    writer.text(entry.peer);
  writer.binary(entry.body);
}

bool EntryList::next(Entry& out) {
  if (!status_.ok() || reader_.at_end()) return false;
  out = Entry{};
  std::uint32_t elements = 0, source = 0;
  std::uint64_t kind = 0, count = 0, connection = 0;
  const bool good = reader_.array(elements) && elements >= 6 && reader_.u64(kind) && reader_.u64(out.first_seq) &&
                    reader_.u64(count) && reader_.time(out.time) && reader_.array(source) && source >= 2 &&
                    reader_.u64(connection) && (reader_.nil() || reader_.text(out.peer)) && reader_.binary(out.body);
  if (!good || kind < 1 || kind > 9 || count > limits::message_bytes || connection > 0xFFFFFFFF) {
    status_ = Error{Code::bad_message, fmt::format("the log entry that ends before byte {} is not [kind, first_seq, "
                                                   "count, time, source, body]",
                                                   reader_.offset())};
    return false;
  }
  for (std::uint32_t i = 6; i < elements; ++i)
    if (!reader_.skip()) {
      status_ = wrong_type("a log entry's later element", "MessagePack", reader_);
      return false;
    }
  out.kind = static_cast<Kind>(kind);
  out.count = static_cast<std::uint32_t>(count);
  out.connection = static_cast<std::uint32_t>(connection);
  return true;
}

Status read_log_request(Bytes frame, LogRequest& out) {
  out = LogRequest{};
  Reader reader(frame);
  std::uint32_t elements = 0;
  std::string_view name;
  if (!reader.array(elements) || elements < 2 || !reader.text(name) || !reader.u64(out.value))
    return Error{Code::bad_message,
                 "a log request must be an array: [\"start\", from_seq, options], [\"credit\", bytes] "
                 "or [\"recorded\", seq]"};
  if (name == "credit") {
    out.type = LogRequest::Type::credit;
  } else if (name == "recorded") {
    out.type = LogRequest::Type::recorded;
  } else if (name == "start") {
    out.type = LogRequest::Type::start;
    if (elements < 3) return Error{Code::bad_message, "start needs its options, with the token"};
    return read_map(reader, "options", [&](std::string_view key) -> Status {
      if (key == "token") return read_text(reader, key, limits::text_bytes, out.token);
      if (key == "role") return read_text(reader, key, limits::short_text_bytes, out.role);
      if (key == "credit") return read_u64(reader, key, 0, any, out.credit);
      if (key == "broker_run") return read_u64(reader, key, 0, any, out.broker_run);
      if (key == "held_time") return read_u64(reader, key, 0, base::log_time_max, out.held_time);
      if (key == "ticks") {
        if (!reader.boolean(out.ticks)) return wrong_type("ticks", "true or false", reader);
        return {};
      }
      return skip_field(reader, key);
    });
  } else {
    return Error{Code::unknown_kind, fmt::format("\"{}\" is not a log request", base::printable(name))};
  }
  return {};
}

std::string write_log_request(const LogRequest& request) {
  std::string out;
  Writer writer(out);
  if (request.type == LogRequest::Type::credit) {
    writer.array(2).text("credit").u64(request.value);
  } else if (request.type == LogRequest::Type::recorded) {
    writer.array(2).text("recorded").u64(request.value);
  } else {
    writer.array(3).text("start").u64(request.value).map(request.broker_run == 0 ? 4 : 6);
    writer.field("token", request.token).field("role", request.role).field("credit", request.credit);
    writer.flag("ticks", request.ticks);
    if (request.broker_run != 0) writer.field("broker_run", request.broker_run).field("held_time", request.held_time);
  }
  return out;
}

Status read_log_error(Bytes frame, LogError& out) {
  Reader reader(frame);
  std::uint32_t elements = 0;
  std::uint64_t version = 0;
  if (!reader.array(elements) || elements < 6 || !reader.u64(version) || version != limits::version ||
      !reader.text(out.code) || !reader.u64(out.oldest_seq) || !reader.u64(out.next_seq) ||
      !reader.u64(out.broker_run) || !reader.text(out.message))
    return Error{Code::bad_message,
                 "a log error must be an array [1, code, oldest_seq, next_seq, broker_run, sentence]"};
  return {};
}

std::string write_log_error(const LogError& error) {
  std::string out;
  Writer(out)
      .array(6)
      .u64(limits::version)
      .text(error.code)
      .u64(error.oldest_seq)
      .u64(error.next_seq)
      .u64(error.broker_run)
      .text(error.message);
  return out;
}

}  // namespace lifesign::wire
