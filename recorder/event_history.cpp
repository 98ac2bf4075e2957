// `events`: the table of events, and, where they are asked for, beats out of the log as heartbeat.received.
#include <fmt/format.h>

#include <algorithm>

#include "recorder/history_queries.h"
#include "recorder/live_queries.h"
#include "recorder/log_store.h"
#include "wire/beat.h"
#include "wire/event.h"
#include "wire/writer.h"

namespace lifesign::recorder {
namespace {

constexpr std::size_t events_looked_at = 20'000;

class EventQuery {
 public:
  EventQuery(const Txn& txn, const QueryParams& params) : txn_(txn), params_(params) {}

  base::Result<std::string> run() {
    auto position = stored_position(txn_);
    if (!position.ok()) return position.error();
    reached_ = params_.since;
    const bool beats = wants_beats();
    if (auto status = beats ? walk_log() : walk_events(); !status.ok()) return status.error();
    std::string out;
    wire::Writer writer(out);
    writer.map(4).text("events").array(count_).raw(items_).text("next");
    if (at_end_)
      writer.nil();
    else
      writer.u64(reached_);
    writer.field("as_of", position->seq).field("recorded", position->seq);
    return out;
  }

 private:
  bool wants_beats() const {
    return std::find(params_.types.begin(), params_.types.end(), wire::events::received) != params_.types.end();
  }

  bool wanted(const wire::Event& event) const {
    if (!params_.agent_id.empty() && event.agent_id != params_.agent_id) return false;
    return params_.types.empty() ||
           std::find(params_.types.begin(), params_.types.end(), event.type) != params_.types.end();
  }

  bool page_full() const { return count_ == params_.limit || items_.size() > answer_bytes; }

  void give(Bytes map) {
    items_.append(map);
    ++count_;
  }

  // Gives the events in (reached_, to] and moves reached_; false: the page ended before.
  base::Result<bool> events_up_to(Cursor& cursor, bool& there, std::uint64_t to) {
    for (; there; there = cursor.next()) {
      if (cursor.key().size() != 8) return damaged("a key of the events is not a seq");
      const std::uint64_t seq = from_be64(cursor.key());
      if (seq > to) break;
      if (page_full() || looked_at_ == events_looked_at) return false;
      ++looked_at_;
      Bytes map;
      wire::Event event;
      if (!unseal(cursor.key(), cursor.value(), map)) return damaged(fmt::format("event {} has a wrong checksum", seq));
      if (auto status = wire::read_event(map, event); !status.ok()) return damaged(status.error().message);
      if (event.map.size() != map.size()) return damaged(fmt::format("there are bytes behind event {}", seq));
      if (wanted(event)) give(map);
      reached_ = seq;
    }
    if (cursor.error() != 0) return storage_error("reading events", cursor.error());
    return true;
  }

  base::Status walk_events() {
    Cursor cursor(txn_, Table::events);
    bool there = cursor.at_or_after(be64(params_.since + 1));
    auto done = events_up_to(cursor, there, params_.until);
    if (!done.ok()) return done.error();
    at_end_ = *done;
    return {};
  }

  base::Status walk_log() {
    Cursor cursor(txn_, Table::events);
    bool there = cursor.at_or_after(be64(params_.since + 1));
    LogReader log(txn_);
    std::size_t bytes = 0;
    for (auto chunk = log.holding_or_after(params_.since + 1);; chunk = log.next()) {
      if (!chunk.ok()) return chunk.error();
      if (!chunk->has_value() || (*chunk)->header.first_seq > params_.until) return {};
      if (page_full() || bytes > log_bytes_per_request) {
        at_end_ = false;
        return {};
      }
      bytes += (*chunk)->entries.size();
      auto done = walk_chunk(**chunk, cursor, there);
      if (!done.ok()) return done.error();
      if (!*done) {
        at_end_ = false;
        return {};
      }
    }
  }

  base::Result<bool> walk_chunk(const Chunk& chunk, Cursor& cursor, bool& there) {
    wire::EntryList list(chunk.entries);
    for (wire::Entry entry; list.next(entry);) {
      const std::uint64_t last = entry.first_seq + entry.count - 1;
      if (last <= reached_) continue;
      if (entry.kind == wire::Kind::beats) {
        wire::BeatList beats(entry.body);
        std::uint64_t seq = entry.first_seq;
        for (wire::Beat beat; beats.next(beat); ++seq) {
          if (seq <= reached_ || seq > params_.until) continue;
          if (page_full()) return false;
          if ((params_.agent_id.empty() || beat.agent_id == params_.agent_id) && !chunk.header.is_repeat(seq)) {
            give(wire::stamp_beat(beat, seq, entry.time, 0));
          }
          reached_ = seq;
        }
      } else {
        auto done = events_up_to(cursor, there, std::min(last, params_.until));
        if (!done.ok() || !*done) return done;
        reached_ = std::max(reached_, std::min(last, params_.until));
      }
    }
    return true;
  }

  const Txn& txn_;
  const QueryParams& params_;
  std::string items_;
  std::size_t count_ = 0, looked_at_ = 0;
  std::uint64_t reached_ = 0;  // everything up to here was looked at
  bool at_end_ = true;
};

}  // namespace

base::Result<std::string> query_events(const Txn& txn, const QueryParams& params) {
  return EventQuery(txn, params).run();
}

}  // namespace lifesign::recorder
