// `beats`: those of the log and those sent later (backfill), merged by time.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "recorder/history_queries.h"
#include "recorder/live_queries.h"
#include "recorder/log_store.h"
#include "recorder/state.h"
#include "wire/beat.h"
#include "wire/writer.h"

namespace lifesign::recorder {
namespace {

// Where the next page goes on: the log at a seq, the backfill after a key's (time, seq).
struct BeatCursor {
  std::uint64_t log_seq = 0;
  std::uint64_t time = 0, seq = 0;

  std::string text() const { return fmt::format("{}.{}.{}", log_seq, time, seq); }
  bool parse(std::string_view in) {
    const char* end = in.data() + in.size();
    auto [a, a_error] = std::from_chars(in.data(), end, log_seq);
    if (a_error != std::errc() || a == end || *a != '.') return false;
    auto [b, b_error] = std::from_chars(a + 1, end, time);
    if (b_error != std::errc() || b == end || *b != '.') return false;
    auto [c, c_error] = std::from_chars(b + 1, end, seq);
    return c_error == std::errc() && c == end;
  }
};

struct Found {
  std::uint64_t time = 0, seq = 0;
  bool backfilled = false;
  std::string packed;
};

std::string describe(const wire::Beat& beat, std::uint64_t seq, std::uint64_t time, bool backfilled) {
  std::string out;
  wire::Writer writer(out);
  writer.map(5 + wire::count_fields(beat)).field("seq", seq).field("time", time);
  writer.field("run", beat.run).field("run_seq", beat.run_seq).flag("backfilled", backfilled);
  wire::write_fields(writer, beat);
  return out;
}

class BeatQuery {
 public:
  BeatQuery(const Txn& txn, const QueryParams& params) : txn_(txn), params_(params) {}

  base::Result<std::string> run() {
    if (params_.agent_id.empty()) return base::Error{base::Code::bad_message, "agent_id is missing"};
    if (params_.to < params_.from) return base::Error{base::Code::invalid_value, "to is before from"};
    if (!params_.cursor.empty() && !cursor_.parse(params_.cursor)) {
      return base::Error{base::Code::invalid_value, "cursor is not one that this method gave"};
    }
    auto position = stored_position(txn_);
    if (!position.ok()) return position.error();
    if (auto status = read_log(); !status.ok()) return status.error();
    if (auto status = read_backfill(); !status.ok()) return status.error();
    return answer(*position);
  }

 private:
  base::Status read_log() {
    LogReader log(txn_);
    auto chunk = params_.cursor.empty() ? log.first_ending_at_or_after(base::log_time(params_.from))
                                        : log.holding_or_after(cursor_.log_seq);
    for (std::size_t bytes = 0;; chunk = log.next()) {
      if (!chunk.ok()) return chunk.error();
      if (!chunk->has_value() || base::to_wire((*chunk)->header.first_time) > params_.to) return {};
      if (found_.size() >= params_.limit || found_bytes_ > answer_bytes || bytes > log_bytes_per_request) {
        // Unread from here on: what is backfilled from later times must wait.
        log_at_end_ = false;
        horizon_ = base::to_wire((*chunk)->header.first_time);
        scanned_to_ = (*chunk)->header.first_seq;
        return {};
      }
      bytes += (*chunk)->entries.size();
      // Most chunks do not hold the agent at all; this finds out several times faster than parsing.
      if ((*chunk)->entries.find(params_.agent_id) != std::string_view::npos) read_chunk(**chunk);
    }
  }

  void read_chunk(const Chunk& chunk) {
    wire::EntryList list(chunk.entries);
    for (wire::Entry entry; list.next(entry);) {
      const std::uint64_t time = base::to_wire(entry.time);
      if (entry.kind != wire::Kind::beats || time < params_.from || time > params_.to) continue;
      wire::BeatList beats(entry.body);
      std::uint64_t seq = entry.first_seq;
      for (wire::Beat beat; beats.next(beat); ++seq) {
        if (beat.agent_id != params_.agent_id || seq < cursor_.log_seq || chunk.header.is_repeat(seq)) continue;
        found_.push_back({time, seq, false, describe(beat, seq, time, false)});
        found_bytes_ += found_.back().packed.size();
      }
    }
  }

  base::Status read_backfill() {
    const std::string prefix = std::string(params_.agent_id) + '\0';
    const bool from_start = cursor_.time == 0 && cursor_.seq == 0;
    const std::string begin = from_start
                                  ? backfill_key(params_.agent_id, base::log_time(params_.from), 0)
                                  : backfill_key(params_.agent_id, base::log_time(cursor_.time), cursor_.seq + 1);
    Cursor cursor(txn_, Table::backfill);
    std::size_t count = 0, bytes = 0;
    for (bool more = cursor.at_or_after(begin); more && cursor.key().starts_with(prefix); more = cursor.next()) {
      const Bytes key = cursor.key();
      if (key.size() != prefix.size() + 16) return damaged("a key of the backfill is not an agent's id, time and seq");
      const std::uint64_t time = from_be64(key.substr(prefix.size()));
      const std::uint64_t seq = from_be64(key.substr(prefix.size() + 8));
      if (time > params_.to || (!log_at_end_ && time >= horizon_)) break;
      if (count == params_.limit || bytes > answer_bytes) {
        backfill_at_end_ = false;
        horizon_ = std::min(horizon_, time);
        break;
      }
      Bytes payload;
      wire::Beat beat;
      if (!unseal(key, cursor.value(), payload)) return damaged("a beat of the backfill has a wrong checksum");
      wire::Reader reader(payload);
      if (auto status = wire::read_beat(reader, beat); !status.ok()) return damaged(status.error().message);
      found_.push_back({time, seq, true, describe(beat, seq, time, true)});
      bytes += found_.back().packed.size();
      ++count;
    }
    if (cursor.error() != 0) return storage_error("reading the backfill", cursor.error());
    return {};
  }

  std::string answer(const Position& position) {
    std::sort(found_.begin(), found_.end(),
              [](const Found& a, const Found& b) { return std::pair(a.time, a.seq) < std::pair(b.time, b.seq); });
    std::string items;
    std::size_t count = 0;
    BeatCursor next = cursor_;
    for (const Found& found : found_) {
      if (count == params_.limit || items.size() > answer_bytes || (!backfill_at_end_ && found.time > horizon_)) break;
      items.append(found.packed);
      ++count;
      if (found.backfilled) {
        next.time = found.time;
        next.seq = found.seq;
      } else {
        next.log_seq = found.seq + 1;
      }
    }
    const bool all_given = count == found_.size();
    const bool more = !all_given || !log_at_end_ || !backfill_at_end_;
    if (all_given) next.log_seq = log_at_end_ ? position.seq + 1 : scanned_to_;
    if (next.log_seq == 0) next.log_seq = first_log_seq(position);
    std::string out;
    wire::Writer writer(out);
    writer.map(4).text("beats").array(count).raw(items).text("cursor");
    if (more)
      writer.text(next.text());
    else
      writer.nil();
    writer.field("as_of", position.seq).field("recorded", position.seq);
    return out;
  }

  // Nothing of the log was given yet: the next page begins where this one began to read.
  std::uint64_t first_log_seq(const Position& position) const {
    std::uint64_t first = log_at_end_ ? position.seq + 1 : scanned_to_;
    for (const Found& found : found_) {
      if (!found.backfilled) first = std::min(first, found.seq);
    }
    return first;
  }

  const Txn& txn_;
  const QueryParams& params_;
  BeatCursor cursor_;
  std::vector<Found> found_;
  std::size_t found_bytes_ = 0;
  bool log_at_end_ = true, backfill_at_end_ = true;
  std::uint64_t horizon_ = QueryParams::no_bound;  // from this time on, not everything was read
  std::uint64_t scanned_to_ = 0;
};

}  // namespace

base::Result<std::string> query_beats(const Txn& txn, const QueryParams& params) {
  return BeatQuery(txn, params).run();
}

}  // namespace lifesign::recorder
