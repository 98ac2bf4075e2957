// A watchdog and a recorder's fold on one hand-written log.
#pragma once

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <vector>

#include "unit/liveness/log_script.h"
#include "watchdog/watchdog.h"

namespace lifesign::test {

struct Told {
  std::string map;
  wire::Event event;  // views into map, so a copy reads its own

  explicit Told(std::string_view bytes) : map(bytes) { REQUIRE(wire::read_event(map, event).ok()); }
  Told(const Told& other) : Told(std::string_view(other.map)) {}
  Told& operator=(const Told&) = delete;

  std::string type() const { return std::string(event.type); }
  std::string text(std::string_view key) const {
    std::string_view out;
    return wire::find_text(map, key, out) ? std::string(out) : "-";
  }
  std::uint64_t number(std::string_view key) const {
    std::uint64_t out = UINT64_MAX;
    wire::find_u64(map, key, out);
    return out;
  }
  double decided() const { return static_cast<double>(base::to_wire(event.decided) - script_start) / 1e6; }
};

class Rig {
 public:
  LogScript log;
  liveness::Fold recorder;
  std::optional<watchdog::Watchdog> dog;
  std::uint8_t recorded_misses = 0;

  Rig() { dog.emplace(watchdog::Watchdog::Options{}); }

  // Both read what was written since.
  void play() {
    play_recorder();
    play_dog();
  }
  void play_recorder() {
    for (; recorder_at_ < log.records().size(); ++recorder_at_)
      REQUIRE(recorder.apply_entry(log.records()[recorder_at_].view(), &counting_).ok());
  }
  void play_dog() {
    for (; dog_at_ < log.records().size(); ++dog_at_) REQUIRE(dog->apply(log.records()[dog_at_].view()).ok());
  }

  // What the watchdog sends now.
  std::vector<Told> sent() {
    std::vector<Told> out;
    dog->flush([&](std::string_view map) {
      out.emplace_back(map);
      return true;
    });
    return out;
  }
  // Plays, sends, and brings what was sent back through the log at `t`, until nothing new comes.
  std::vector<Told> settle(double t) {
    std::vector<Told> all;
    for (int round = 0; round < 10; ++round) {
      play();
      const auto now = sent();
      if (now.empty()) break;
      for (const Told& told : now) {
        all.push_back(told);
        log.verdict(t, told.map);
      }
    }
    return all;
  }
  static std::vector<std::string> types(const std::vector<Told>& told) {
    std::vector<std::string> out;
    for (const Told& t : told) out.push_back(t.type());
    return out;
  }

  // A new watchdog from the recorder's snapshot, through the snapshot's bytes; the log follows from there.
  void restart_dog() {
    dog.emplace(watchdog::Watchdog::Options{});
    REQUIRE(dog->load_fleet(through_bytes(recorder.export_fleet())).ok());
    for (std::uint32_t row = 0; row < recorder.row_end(); ++row)
      if (recorder.in_use(row)) REQUIRE(dog->load_row(through_bytes(recorder.export_row(row))).ok());
    rewind_dog(0);
  }
  void rewind_dog(std::size_t to) { dog_at_ = to; }

  liveness::RowView dog_view(std::string_view id) const { return dog->fold().view(dog->fold().find(id)); }
  liveness::RowView recorder_view(std::string_view id) const { return recorder.view(recorder.find(id)); }

  template <class State>
  static State through_bytes(const State& state) {
    std::string bytes;
    wire::Writer writer(bytes);
    liveness::encode(writer, state);
    wire::Reader reader(bytes);
    State back;
    REQUIRE(liveness::decode(reader, back).ok());
    return back;
  }

 private:
  struct Counting : liveness::Visitor {
    std::uint8_t& misses;
    explicit Counting(std::uint8_t& m) : misses(m) {}
    void on_verdict(const wire::Event&, std::uint64_t, base::LogTime, const liveness::Outcome& o) override {
      misses = static_cast<std::uint8_t>(misses + o.missed);
    }
  } counting_{recorded_misses};
  std::size_t recorder_at_ = 0, dog_at_ = 0;
};

using Types = std::vector<std::string>;

}  // namespace lifesign::test
