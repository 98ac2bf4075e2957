// The one place that gives out sequence numbers: requests and time in; log batches, replies and events out.
//
// Pure: it opens no socket and reads no clock, so a test drives it with messages written by hand. One thread owns it.
// The caller hands in log times that never run backwards and a seq ceiling that is safely on disk.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "broker/ack_book.h"
#include "broker/beat_topics.h"
#include "broker/counters.h"
#include "broker/drain.h"
#include "broker/event_hold.h"
#include "broker/key_window.h"
#include "broker/message.h"
#include "broker/ring.h"
#include "broker/state_file.h"
#include "wire/limits.h"
#include "wire/log.h"

namespace lifesign::broker {

struct Bounds {
  std::uint64_t ring_bytes = 128ull << 20;
  std::uint64_t held_bytes = 64ull << 20;
  std::size_t acks_waiting = 262'144;
  // Events are published as provisional when they were held for so long: with no recorder, and with one that is there
  // and records nothing.
  base::Micros provisional_after = std::chrono::seconds(1);
  base::Micros provisional_at_last = std::chrono::seconds(3);
};

class Sequencer {
 public:
  Sequencer(const Bounds& bounds, std::string token, Counters& counters);

  // Before the first run: what the state file kept of the recorder's position.
  void restore(std::uint64_t recorded, base::LogTime recorded_time);
  // Opens a run: its first record is broker.started, with the span from `blind_from` to `now` as blind. Empties the
  // ring; whoever waits for a recorded ack of an older run gets recorder_unavailable.
  void open_run(std::uint64_t run, std::uint64_t first_seq, base::LogTime blind_from, base::LogTime now, Outbox& out);

  // A message from ingest of a kind that is sequenced: checks it whole, stamps it with `now`, sequences it, replies.
  void take(const Request& request, base::LogTime now, Outbox& out);
  // An error reply, counted.
  void refuse(std::string_view to, std::uint64_t corr, const base::Error& error, Outbox& out);
  const std::string& last_refusal() const { return last_refusal_; }
  bool is_token(std::string_view token) const;

  // Records of the broker's own.
  void blind(const BlindSpan& span, base::LogTime now);
  void clock_stepped(base::Micros step, base::Micros slew, base::LogTime now);
  void gap(std::uint64_t lost_from, std::uint64_t lost_to, base::LogTime blind_from, base::LogTime blind_to,
           base::LogTime now, Outbox& out);
  void closed(std::uint32_t connection, base::LogTime now);
  // `time`: drained. Once a second the tick is a record. Publishes tick// then too.
  void tick(base::LogTime time, Outbox& out);

  // The recorder has all up to `seq` through an fsync.
  void recorded(std::uint64_t seq, Outbox& out);
  void recorder_connected(bool connected, base::LogTime now);
  // Deadlines of acks, and events that waited too long for the recorder. Once a loop.
  void expire(base::LogTime now, Outbox& out);

  // The open batch goes to the ring. Returns false if it held nothing that is sequenced; ticks in it are then in
  // loose_ticks() until the next cut, as a batch that covers no seq.
  bool cut();
  // The first seq that no batch holds yet. What was appended since the last cut has seqs from here to next_seq().
  std::uint64_t uncut_seq() const { return open_first_seq_; }
  bool batch_is_large() const { return open_.size() >= wire::limits::batch_bytes; }
  // Sequence numbers are left for a message of any size; else messages are refused until the state file is written.
  bool has_seqs() const { return next_seq_ + own_reserve + wire::limits::beats_per_message <= ceiling_; }
  // The recorder takes the log, and is behind by most of what memory holds: ingest should wait for it a little.
  bool pressed(base::LogTime now) const;
  const std::optional<Batch>& loose_ticks() const { return loose_ticks_; }

  void set_ceiling(std::uint64_t ceiling) { ceiling_ = ceiling; }
  std::uint64_t run() const { return run_; }
  std::uint64_t run_first_seq() const { return run_first_seq_; }
  base::LogTime blind_from() const { return blind_from_; }  // of this run's broker.started
  std::uint64_t next_seq() const { return next_seq_; }
  std::uint64_t recorded() const { return recorded_; }
  base::LogTime recorded_time() const;  // all before it was recorded; the epoch if no recorder was ever seen
  base::LogTime time() const { return time_; }
  bool has_recorder() const { return has_recorder_; }
  const Ring& ring() const { return ring_; }
  BeatTopics& beat_topics() { return beat_topics_; }
  void update_gauges();

 private:
  // Sequence numbers kept back for records of the broker's own while the state file cannot be written.
  static constexpr std::uint64_t own_reserve = 4096;

  std::uint64_t append(wire::Kind kind, std::uint32_t count, base::LogTime now, std::uint32_t connection,
                       std::string_view peer, wire::Bytes body);
  void append_event(std::string_view type, const std::string& map, base::LogTime now);
  base::Status admit(const Request& request) const;
  base::Status can_keep(const Request& request) const;  // until it is recorded
  void take_verdicts(const Request& request, base::LogTime now, Outbox& out);
  void hold_events(wire::Kind kind, wire::Bytes body, std::uint64_t first_seq, base::LogTime now);
  void publish_beats(wire::Bytes body, std::uint64_t first_seq, base::LogTime now, Outbox& out);
  void answer(const Request& request, std::uint64_t first_seq, std::uint32_t count, base::LogTime now, Outbox& out);
  void fail(const Waiting& waiting, std::string_view why, Outbox& out);
  EventHold::Publish publisher(Outbox& out);

  const Bounds bounds_;
  const std::string token_;
  Counters& counters_;

  std::uint64_t run_ = 0;
  std::uint64_t run_first_seq_ = 1;
  std::uint64_t next_seq_ = 1;
  base::LogTime blind_from_{};  // of this run's broker.started
  std::uint64_t ceiling_ = 0;
  base::LogTime time_{};
  base::LogTime tick_recorded_{};
  std::uint64_t recorded_ = 0;
  std::string last_refusal_;
  bool has_recorder_ = false;
  bool recorder_seen_ = false;
  base::LogTime recorder_left_{};

  std::string open_;  // entries of the batch that is being filled
  std::uint64_t open_first_seq_ = 1;
  std::optional<Batch> loose_ticks_;
  struct Unrecorded {
    std::uint64_t last_seq;
    base::LogTime time;
    std::uint64_t bytes;
  };
  std::deque<Unrecorded> unrecorded_;  // batches that the recorder does not have yet
  std::uint64_t unrecorded_bytes_ = 0;
  base::LogTime recorded_time_{};
  base::LogTime progressed_{};  // when the watermark last rose

  Ring ring_;
  AckBook acks_;
  EventHold hold_;
  KeyWindow keys_;      // of verdicts
  KeyWindow goodbyes_;  // apart, since anybody may send them
  BeatTopics beat_topics_;
};

}  // namespace lifesign::broker
