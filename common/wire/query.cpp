#include "wire/query.h"

#include "wire/fields.h"
#include "wire/limits.h"
#include "wire/writer.h"

namespace lifesign::wire {

using base::Code;
using base::Error;
using base::Status;

Status read_query_header(Bytes frame, QueryHeader& out) {
  out = QueryHeader{};
  Reader reader(frame);
  std::uint32_t elements = 0;
  std::uint64_t version = 0;
  if (!reader.array(elements) || elements < 3 || !reader.u64(version))
    return Error{Code::bad_message, "the header must be an array [version, method, corr]"};
  const Status name = read_text(reader, "method", limits::short_text_bytes, out.name);
  if (!reader.ok() || !reader.u64(out.corr)) return wrong_type("method or corr", "a string and an integer", reader);
  if (version != limits::version)
    return Error{Code::bad_version,
                 fmt::format("version {} is not spoken here; version {} is", version, limits::version)};
  return name;
}

std::string write_query_header(const QueryHeader& header) {
  std::string out;
  Writer(out).array(3).u64(limits::version).text(header.name).u64(header.corr);
  return out;
}

}  // namespace lifesign::wire
