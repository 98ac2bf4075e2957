#include "cli/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "wire/limits.h"

namespace lifesign::cli {
namespace {

bool is_time(std::string_view field) {
  static const std::set<std::string_view> times{"time",       "last_heartbeat", "created_at", "status_since",
                                                "busy_until", "deadline",       "decided",    "offline_since",
                                                "blind_from", "blind_to",       "sent_at",    "progress_since"};
  return times.contains(field);
}

bool read_value(wire::Reader& reader, Json& out, std::size_t depth);

bool read_map(wire::Reader& reader, Json& out, std::size_t depth) {
  std::uint32_t pairs = 0;
  if (!reader.map(pairs)) return false;
  out = Json::object();
  for (std::uint32_t i = 0; i < pairs; ++i) {
    Json key, value;
    if (!read_value(reader, key, depth + 1) || !read_value(reader, value, depth + 1)) return false;
    out[key.is_string() ? key.get<std::string>() : line_of(key)] = std::move(value);
  }
  return true;
}

bool read_array(wire::Reader& reader, Json& out, std::size_t depth) {
  std::uint32_t elements = 0;
  if (!reader.array(elements)) return false;
  out = Json::array();
  for (std::uint32_t i = 0; i < elements; ++i) {
    Json value;
    if (!read_value(reader, value, depth + 1)) return false;
    out.push_back(std::move(value));
  }
  return true;
}

bool read_integer(wire::Reader& reader, Json& out) {
  // A u64 above what an i64 holds is the only integer that i64() cannot read, and failing would end the reader.
  wire::Reader ahead = reader;
  std::int64_t negative = 0;
  if (ahead.i64(negative) && negative < 0) {
    reader = ahead;
    out = negative;
    return true;
  }
  std::uint64_t value = 0;
  if (!reader.u64(value)) return false;
  out = value;
  return true;
}

std::string base64(wire::Bytes bytes) {
  constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const std::size_t have = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i)
      group = group << 8 | (i < have ? static_cast<unsigned char>(bytes[at + i]) : 0u);
    for (std::size_t i = 0; i < 4; ++i) out += i <= have ? letters[(group >> (18 - 6 * i)) & 63] : '=';
  }
  return out;
}

bool read_value(wire::Reader& reader, Json& out, std::size_t depth) {
  if (depth > wire::limits::depth) return false;
  std::string_view text;
  double real = 0;
  bool truth = false;
  switch (reader.peek()) {
    case wire::Type::nil:
      out = nullptr;
      return reader.nil();
    case wire::Type::boolean:
      if (!reader.boolean(truth)) return false;
      out = truth;
      return true;
    case wire::Type::integer:
      return read_integer(reader, out);
    case wire::Type::real:
      if (!reader.number(real)) return false;
      if (std::isfinite(real)) out = real;
      return true;
    case wire::Type::text:
      if (!reader.text(text)) return false;
      out = std::string(text);
      return true;
    case wire::Type::binary:
      if (!reader.binary(text)) return false;
      out = base64(text);
      return true;
    case wire::Type::array:
      return read_array(reader, out, depth);
    case wire::Type::map:
      return read_map(reader, out, depth);
    case wire::Type::extension:
      if (!reader.raw(text)) return false;
      out = base64(text);
      return true;
    case wire::Type::none:
      return false;
  }
  return false;
}

}  // namespace

base::Result<Json> to_json(wire::Bytes packed) {
  wire::Reader reader(packed);
  Json out;
  if (!read_value(reader, out, 0) || !reader.at_end()) {
    return base::Error{base::Code::bad_message, "the answer is not MessagePack of the promised shape"};
  }
  return out;
}

base::Result<Json> record_to_json(wire::Bytes packed) {
  auto out = to_json(packed);
  if (out && out->is_object()) write_out_times(*out);
  return out;
}

void write_out_times(Json& record) {
  Json out = Json::object();
  for (auto& [key, value] : record.items()) {
    if (!is_time(key) || !value.is_number_unsigned()) {
      out[key] = std::move(value);
      continue;
    }
    const auto micros = value.get<std::uint64_t>();
    if (micros == 0) {
      out[key] = nullptr;
      continue;
    }
    out[key] = base::iso8601(base::log_time(micros));
    out[key + "_us"] = micros;
  }
  record = std::move(out);
}

std::string line_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace lifesign::cli
