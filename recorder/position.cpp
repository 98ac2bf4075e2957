#include "recorder/position.h"

#include <iterator>

#include "wire/kinds.h"
#include "wire/writer.h"

namespace lifesign::recorder {

static_assert(std::size(wire::events::all) == Position::types);

std::uint64_t* Position::last_of(std::string_view type) {
  for (std::size_t i = 0; i < types; ++i) {
    if (wire::events::all[i] == type) return &last[i];
  }
  return nullptr;
}

std::string encode_position(const Position& p) {
  std::string out;
  wire::Writer writer(out);
  std::size_t told = 0;
  for (const std::uint64_t seq : p.last) told += seq != 0 ? 1 : 0;
  writer.map(10).field("position", p.seq).field("time", base::to_wire(p.time)).field("broker_run", p.broker_run);
  writer.field("from_seq", p.from_seq).field("sweep_from", p.sweep_from).field("events", p.events);
  writer.field("total_heartbeats", p.total_heartbeats).field("missed_heartbeats", p.missed_heartbeats);
  writer.field("untracked", p.untracked).text("last").map(told);
  for (std::size_t i = 0; i < Position::types; ++i) {
    if (p.last[i] != 0) writer.field(wire::events::all[i], p.last[i]);
  }
  return out;
}

base::Status decode_position(wire::Bytes payload, Position& out) {
  out = Position{};
  wire::Reader reader(payload);
  std::uint32_t pairs = 0;
  bool good = reader.map(pairs);
  for (std::uint32_t i = 0; good && i < pairs; ++i) {
    std::string_view key;
    good = reader.text(key);
    if (key == "position")
      good = good && reader.u64(out.seq);
    else if (key == "time")
      good = good && reader.time(out.time);
    else if (key == "broker_run")
      good = good && reader.u64(out.broker_run);
    else if (key == "from_seq")
      good = good && reader.u64(out.from_seq);
    else if (key == "sweep_from")
      good = good && reader.u64(out.sweep_from);
    else if (key == "events")
      good = good && reader.u64(out.events);
    else if (key == "total_heartbeats")
      good = good && reader.u64(out.total_heartbeats);
    else if (key == "missed_heartbeats")
      good = good && reader.u64(out.missed_heartbeats);
    else if (key == "untracked")
      good = good && reader.u64(out.untracked);
    else if (key == "last") {
      std::uint32_t types = 0;
      good = good && reader.map(types);
      for (std::uint32_t t = 0; good && t < types; ++t) {
        std::string_view type;
        std::uint64_t seq = 0;
        good = reader.text(type) && reader.u64(seq);
        if (std::uint64_t* slot = good ? out.last_of(type) : nullptr) *slot = seq;
      }
    } else {
      good = good && reader.skip();
    }
  }
  if (!good) return base::Error{base::Code::storage_failed, "damaged database: its position cannot be read"};
  return {};
}

}  // namespace lifesign::recorder
