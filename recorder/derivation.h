// Watches the fold apply a batch, and notes what of it belongs into profiles and tables. Private to state.cpp.
#pragma once

#include "recorder/state.h"

namespace lifesign::recorder {

class State::Derivation : public liveness::Visitor {
 public:
  // `work` null: a replay, that only brings rows up to date. What is stored already is not derived again.
  Derivation(State& state, Work* work) : state_(state), work_(work) {}

  void on_beat(const wire::Beat&, std::uint64_t seq, base::LogTime, const liveness::Outcome&) override;
  void on_backfill(const wire::Beat&, std::uint64_t seq, base::LogTime, const liveness::Outcome&) override;
  void on_registration(const wire::Registration&, std::uint64_t seq, base::LogTime, const liveness::Outcome&) override;
  void on_goodbye(const wire::Goodbye&, wire::Bytes map, std::uint64_t seq, base::LogTime,
                  const liveness::Outcome&) override;
  void on_command(const wire::Command&, wire::Bytes map, std::uint64_t seq, base::LogTime,
                  const liveness::Outcome&) override;
  void on_verdict(const wire::Event&, std::uint64_t seq, base::LogTime, const liveness::Outcome&) override;
  void on_event(const wire::Event&, std::uint64_t seq, base::LogTime) override;

 private:
  void count(const liveness::Outcome& outcome, Slot* slot, std::uint64_t seq);
  void store(wire::Bytes map, std::string_view type, std::uint64_t seq, base::LogTime time, std::string key = {});

  State& state_;
  Work* work_;
};

}  // namespace lifesign::recorder
