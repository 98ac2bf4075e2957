// What a run came to, as numbers; report.h puts them into words.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "load/histogram.h"
#include "load/raw.h"

namespace lifesign::load {

struct ProcessCost {
  std::string name;
  double cpu_s = 0;                  // in the measured span
  std::uint64_t peak_rss_bytes = 0;  // of its whole life
};

struct Results {
  // Of the whole run, warm-up too, so that they must be equal where nothing is lost. Beats, but for the messages.
  std::uint64_t sent = 0, acked = 0, refused = 0, sent_messages = 0;
  std::uint64_t unanswered_messages = 0;
  std::optional<std::uint64_t> recorded;  // as the recorder tells of our agents; nothing: it was not asked
  std::optional<std::uint64_t> received;
  std::string received_from = "none";  // log, events
  std::uint64_t lost_feeds = 0;
  std::map<std::string, std::uint64_t> refusals;  // messages by code

  // Of the measured span; beats/s.
  double seconds = 0;
  double sent_per_s = 0, acked_per_s = 0;
  std::optional<double> recorded_per_s, received_per_s;
  double late_share = 0;  // of messages over 1 ms behind their turn when sent
  std::uint64_t beats_in_span = 0;
  Histogram ack_us, e2e_us, lateness_us;

  bool watched = false;               // events were subscribed to: what follows was counted
  std::uint64_t deaths = 0;           // planned, of agents
  std::uint64_t deaths_reported = 0;  // true timeouts of agents that were to die
  std::uint64_t other_timeouts = 0;   // true ones, of agents whose beats could not be sent in time
  std::uint64_t false_timeouts = 0;
  std::vector<std::string> falsely_timed_out;  // the first few
  std::uint64_t recovered = 0, blind = 0;

  std::vector<ProcessCost> processes;  // of a private system, and this one
  std::optional<Raw> raw;
  std::vector<std::string> notes;
};

}  // namespace lifesign::load
