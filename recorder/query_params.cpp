#include "recorder/query_params.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "wire/kinds.h"

namespace lifesign::recorder {
namespace {

using base::Code;
using base::Error;
using base::Status;
namespace limits = wire::limits;

constexpr std::size_t cursor_bytes = 256;

Status read_text(wire::Reader& reader, std::string_view name, std::size_t most, std::string_view& out) {
  if (!reader.text(out)) return Error{Code::bad_message, fmt::format("{} must be a string", name)};
  if (out.size() > most) {
    return Error{Code::invalid_value, fmt::format("{} has {} bytes, at most {} are allowed", name, out.size(), most)};
  }
  if (!base::is_utf8(out)) return Error{Code::invalid_value, fmt::format("{} is not UTF-8", name)};
  return {};
}

Status read_number(wire::Reader& reader, std::string_view name, std::uint64_t least, std::uint64_t most,
                   std::uint64_t& out) {
  if (!reader.u64(out))
    return Error{Code::bad_message, fmt::format("{} must be an integer that is not negative", name)};
  if (out < least || out > most) {
    return Error{Code::invalid_value, fmt::format("{} is {}, it must be between {} and {}", name, out, least, most)};
  }
  return {};
}

Status read_labels(wire::Reader& reader, QueryParams& out) {
  std::uint32_t pairs = 0;
  if (!reader.map(pairs)) return Error{Code::bad_message, "labels must be a map"};
  if (pairs > limits::labels) {
    return Error{Code::invalid_value, fmt::format("{} labels, at most {} are allowed", pairs, limits::labels)};
  }
  out.labels.clear();  // a parameter that comes twice counts once, or its bound would be none
  for (std::uint32_t i = 0; i < pairs; ++i) {
    std::string_view name, value;
    if (auto s = read_text(reader, "a label's name", limits::short_text_bytes, name); !s.ok()) return s;
    if (auto s = read_text(reader, "a label's value", limits::text_bytes, value); !s.ok()) return s;
    out.labels.emplace_back(name, value);
  }
  return {};
}

Status read_types(wire::Reader& reader, QueryParams& out) {
  std::uint32_t n = 0;
  if (!reader.array(n)) return Error{Code::bad_message, "types must be an array"};
  if (n > QueryParams::most_types) {
    return Error{Code::invalid_value, fmt::format("{} types, at most {} are allowed", n, QueryParams::most_types)};
  }
  out.types.clear();
  for (std::uint32_t i = 0; i < n; ++i) {
    std::string_view type;
    if (auto s = read_text(reader, "a type", limits::short_text_bytes, type); !s.ok()) return s;
    if (std::find(std::begin(wire::events::all), std::end(wire::events::all), type) == std::end(wire::events::all))
      return Error{Code::invalid_value, fmt::format("there are no events of type \"{}\"", base::printable(type))};
    out.types.push_back(type);
  }
  return {};
}

Status read_status(wire::Reader& reader, QueryParams& out) {
  std::string_view name;
  if (auto s = read_text(reader, "status", limits::short_text_bytes, name); !s.ok()) return s;
  out.status = liveness::status_from_name(name);
  if (out.status) return {};
  return Error{Code::invalid_value,
               fmt::format("status {} is not one of expected, active, late, offline, stopped", base::printable(name))};
}

Status read_agent_id(wire::Reader& reader, QueryParams& out) {
  if (!reader.text(out.agent_id)) return Error{Code::bad_message, "agent_id must be a string"};
  if (base::is_agent_id(out.agent_id)) return {};
  return Error{Code::invalid_agent_id, fmt::format("{} is no agent id", base::printable(out.agent_id))};
}

Status read_param(wire::Reader& reader, std::string_view name, QueryParams& out) {
  std::uint64_t limit = 0;
  if (name == "agent_id") return read_agent_id(reader, out);
  if (name == "status") return read_status(reader, out);
  if (name == "labels") return read_labels(reader, out);
  if (name == "types") return read_types(reader, out);
  if (name == "prefix") return read_text(reader, name, limits::agent_id_bytes, out.prefix);
  if (name == "cursor") return read_text(reader, name, cursor_bytes, out.cursor);
  if (name == "from") return read_number(reader, name, 0, QueryParams::no_bound, out.from);
  if (name == "to") return read_number(reader, name, 0, QueryParams::no_bound, out.to);
  if (name == "since") return read_number(reader, name, 0, QueryParams::no_bound, out.since);
  if (name == "until") return read_number(reader, name, 0, QueryParams::no_bound, out.until);
  if (name == "limit") {
    auto status = read_number(reader, name, 1, limits::page_max, limit);
    if (status.ok()) out.limit = static_cast<std::size_t>(limit);
    return status;
  }
  if (!reader.skip()) return Error{Code::bad_message, "the parameters are cut"};
  return {};
}

}  // namespace

Status read_query_params(wire::Bytes frame, QueryParams& out) {
  out = QueryParams{};
  wire::Reader reader(frame);
  std::uint32_t pairs = 0;
  if (!reader.map(pairs)) return Error{Code::bad_message, "the parameters must be a map"};
  for (std::uint32_t i = 0; i < pairs; ++i) {
    std::string_view name;
    if (!reader.text(name)) return Error{Code::bad_message, "a parameter's name must be a string"};
    if (reader.nil()) continue;  // as if it were not there
    if (auto status = read_param(reader, name, out); !status.ok()) return status;
  }
  if (!reader.at_end()) return Error{Code::bad_message, "there are bytes after the parameters"};
  return {};
}

}  // namespace lifesign::recorder
