#include "support/ordeal.h"

#include <catch2/catch.hpp>

#include "net/socket.h"

namespace lifesign::tests {
namespace {

constexpr int patience_ms = 20'000;
constexpr const char* processes[] = {"broker", "recorder", "watchdog"};

}  // namespace

Ordeal::Ordeal(const std::string& name, unsigned open_files) : system_(name) {
  system_.limit_open_files(open_files);
  system_.start();
  for (const char* process : processes) pids_.emplace_back(process, system_.child(process).pid());
  commands_.emplace(system_.commands());
  query_.emplace(system_.query());
  REQUIRE((commands_->status().ok() && query_->status().ok()));  // connects
  auto agent = Agent::start({.id = "bystander",
                             .endpoint = system_.endpoint("ingest"),
                             .interval = Millis(1000),
                             .registration = {.grace = Millis(1000)}});
  REQUIRE(agent.ok());
  bystander_ = std::move(agent).value();
  REQUIRE(bystander_->beat_recorded(Millis(patience_ms)).ok());
}

Value Ordeal::broker_status() {
  const auto status = commands_->status();
  INFO((status.ok() ? "" : status.error().message));
  REQUIRE(status.ok());
  return *status;
}

std::uint64_t Ordeal::of_broker(const std::string& counter) {
  const Value value = broker_status()["broker"][counter];
  REQUIRE(value.exists());
  return value.u64_or(0);
}

std::uint64_t Ordeal::of_recorder(const std::string& counter) {
  const auto status = query_->status();
  INFO((status.ok() ? "" : status.error().message));
  REQUIRE(status.ok());
  const Value value = (*status)["counters"][counter];
  REQUIRE(value.exists());
  return value.u64_or(0);
}

std::uint64_t Ordeal::of_watchdog(const std::string& counter) {
  return broker_status()["services"]["watchdog"]["counters"][counter].u64_or(0);
}

bool Ordeal::log_time_passes(std::chrono::milliseconds span) {
  const auto time = [&] {
    const auto totals = query_->totals();
    return totals.ok() ? (*totals)["time"].u64_or(0) : 0;
  };
  const std::uint64_t target = time() + static_cast<std::uint64_t>(span.count()) * 1000;
  return eventually([&] { return time() >= target; });
}

void Ordeal::check_unharmed(std::uint64_t most_bytes) {
  const auto receipt = bystander_->beat_recorded(Millis(patience_ms));
  INFO((receipt.ok() ? "" : receipt.error().message));
  CHECK(receipt.ok());
  CHECK(bystander_->stats().connects == 1);
  const auto events = query_->events({.types = {"agent.timeout"}});
  REQUIRE(events.ok());
  CHECK((*events)["events"].size() == 0);
  // What it reported last is up to a second old, and may be of before it had its snapshot.
  CHECK(eventually([&] {
    const Value watchdog = broker_status()["services"]["watchdog"];
    return watchdog["age_ms"].u64_or(9999) < 3000 && watchdog["counters"]["judging"].u64_or(0) == 1;
  }));
  for (const auto& [process, pid] : pids_) {
    INFO(process);
    CHECK(system_.child(process).running());
    CHECK(system_.child(process).pid() == pid);
    const std::uint64_t resident = system_.child(process).resident_bytes();
    INFO(process << " has " << (resident >> 20) << " MiB, " << (most_bytes >> 20) << " are allowed");
    CHECK((sanitized || resident <= most_bytes));
  }
}

Dealer::Dealer(const std::string& endpoint) : socket_(net::make_socket(context_, net::Use::ingest_client)) {
  socket_.set(zmq::sockopt::sndtimeo, patience_ms);
  socket_.set(zmq::sockopt::rcvtimeo, patience_ms);
  REQUIRE(net::connect(socket_, endpoint).ok());
}

void Dealer::send(const Frames& frames) {
  for (std::size_t i = 0; i < frames.size(); ++i) {
    const auto flags = i + 1 < frames.size() ? zmq::send_flags::sndmore : zmq::send_flags::none;
    REQUIRE(socket_.send(zmq::buffer(frames[i]), flags).has_value());
  }
}

Frames Dealer::receive() {
  Frames out;
  zmq::message_t frame;
  do {
    REQUIRE(socket_.recv(frame).has_value());
    out.emplace_back(net::view(frame));
  } while (frame.more());
  return out;
}

Frames Dealer::ask(const Frames& frames) {
  send(frames);
  return receive();
}

}  // namespace lifesign::tests
