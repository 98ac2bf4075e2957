// What a run is to be: the options of lifesign-bench, their bounds, and what makes no sense together.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "load/plan.h"
#include "wire/kinds.h"

namespace lifesign::load {

inline constexpr std::uint32_t agents_most = 1'000'000;  // the default of recorder.max_agents, less some room
inline constexpr std::uint32_t connections_most = 20'000;
inline constexpr std::uint32_t window_most = 4'096;  // below ZeroMQ's and the broker's own bounds

enum class Receive { log, events, none };  // where 'received' is counted

struct Options {
  std::uint32_t agents = 1000, connections = 10, batch = 1;
  std::uint32_t window = 0;  // 0: see window_of()
  wire::Ack ack = wire::Ack::recorded;
  std::optional<base::Micros> interval;  // see interval_of()
  base::Micros jitter{0};
  base::Micros warmup = std::chrono::seconds(1), duration = std::chrono::seconds(10);
  double die = 0;
  double rate = 0;                 // beats/s of all agents together; 0: as fast as it goes
  bool rate_is_interval = false;   // each agent once in its interval
  std::optional<Receive> receive;  // nothing: log where it can be read, else events, else none
  std::uint64_t seed = 1;
  bool json = false, raw = false, raw_only = false;
  base::Micros raw_duration = std::chrono::seconds(3);
  std::string folder;  // where the private system's temporary folder is made; empty: the system's temporary folder
  // A running system, when any is given; else a private one is started.
  std::string data, ingest, events, query;

  bool running_system() const { return !data.empty() || !ingest.empty(); }
};

// What has to hold; the message says which option, which bound, what to do.
base::Status check(const Options& options);
// What may be meant, but will not show what one may think it does.
std::vector<std::string> notes_on(const Options& options);

// The promise: as given, else 10 s, or a fifth of the duration where agents are to die in it.
base::Micros interval_of(const Options& options);
double rate_of(const Options& options);
// Messages in flight on each connection: as given, else 64, or less where that would be over 65,536 in all.
std::uint32_t window_of(const Options& options);
PlanOptions plan_of(const Options& options);

// Parses. `exit_code` is set when there is nothing to run: --help, --version, or an error, which is told on stderr.
std::optional<Options> parse(int argc, const char* const* argv, int& exit_code);

}  // namespace lifesign::load
